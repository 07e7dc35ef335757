"""Where the rows are kept: what the configuration says of it, and what needs SQLite's file."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.config_sections import StorageSettings
from bot.errors import UserError
from storage.postgres.address import shown

R = TypeVar("R")


def database_url(storage: StorageSettings) -> str | None:
    """Return the address of the PostgreSQL database, with its password; None for SQLite."""
    return storage.url.get_secret_value() if storage.url is not None else None


def needs_sqlite(command: str, instead: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return what makes a command refuse to run where the rows are in PostgreSQL.

    command: its name; instead: what does it there. The command's first argument has the settings.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def checked(context: Any, *arguments: Any, **options: Any) -> R:
            _require_sqlite(context.settings.storage.url, command, instead)
            return function(context, *arguments, **options)

        return checked

    return decorate


def _require_sqlite(url: SecretStr | None, command: str, instead: str) -> None:
    if url is not None:
        raise UserError(
            f"`mynah {command}` is about SQLite's file, but the rows are in "
            f"{shown(url.get_secret_value())}. {instead}"
        )
