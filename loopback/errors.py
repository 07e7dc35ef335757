"""What the loopback Discord refuses, and what it holds against the bot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web


class ApiError(Exception):
    """A REST answer other than success, with Discord's own status, code and message."""

    def __init__(self, status: int, code: int, message: str, **extra: Any) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code, **extra}


class ClientRefusedError(AssertionError):
    """A person's Discord client would not let them do this (hidden, disabled, out of range)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something the bot did that Discord would not forgive; a clean run has none."""

    kind: str
    detail: str


def json_response(
    body: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Answer with JSON.

    The content type is exactly `application/json`: with a charset behind it discord.py would
    hand on text instead of parsing it.
    """
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def unknown(what: str, code: int) -> ApiError:
    """404 Unknown <what>, as for ids that do not exist."""
    return ApiError(404, code, f"Unknown {what}")


def missing_permissions() -> ApiError:
    """403, as for an action that a role or channel forbids."""
    return ApiError(403, 50013, "Missing Permissions")


def invalid_form(field: str, message: str) -> ApiError:
    """400, as for a body that breaks one of Discord's limits."""
    errors = {field: {"_errors": [{"code": "INVALID", "message": message}]}}
    return ApiError(400, 50035, f"Invalid Form Body: {field}: {message}", errors=errors)
