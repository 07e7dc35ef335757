"""Discord's REST API as a careful caller uses it: every call ends in time, and fails as one kind.

discord.py waits for as long as a rate limit says, however long that is; tries a cut connection
again on macOS and Windows alone; and lets an answer that is no JSON out as a ValueError.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.discord_files import fetch

log = structlog.get_logger(__name__)

DISCORD_FAILED = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it did not do what was asked, TimeoutError among them."""

CALL_SECONDS = 90.0
"""How long one call may take with everything that discord.py tries again, 25 s after errors."""

LONGEST_RATE_LIMIT_SECONDS = 30.0
"""A call that would have to wait for longer fails instead; discord.py allows no less."""

PAUSES_SECONDS = (0.5, 1.5)
"""Before a call is made again whose connection was cut."""

_CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)
_ALREADY_ACKNOWLEDGED = 40060
_EPHEMERAL = (
    64  # https://discord.com/developers/docs/resources/message#message-object-message-flags
)
# What cannot be told from not having been done, and would be seen twice if it was done twice.
_ONCE = {
    ("POST", "/channels/{channel_id}/messages"),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"),
}


def is_refused(error: Exception) -> bool:
    """Whether Discord would refuse the same call again, such as for what is gone."""
    if not isinstance(error, discord.HTTPException):
        return False
    return error.status < HTTPStatus.INTERNAL_SERVER_ERROR and (
        error.status != HTTPStatus.TOO_MANY_REQUESTS
    )


class MalformedAnswerError(aiohttp.ClientError):
    """Discord, or what stands before it, said that all is well with something else than JSON,
    or with a list for an object."""


@contextlib.contextmanager
def careful(http: HTTPClient, most_bytes: int) -> Iterator[None]:
    """Have a client's calls, and those of this task for interactions, made with care.

    most_bytes: of a file that is downloaded.
    """
    # The instance alone: the client and its tree were made with it.
    plain = vars(http)
    plain["request"] = _careful(http.request)
    plain["get_from_cdn"] = lambda url: fetch(http, url, most_bytes)
    token = async_context.set(CarefulWebhooks())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        async_context.reset(token)
        del plain["request"], plain["get_from_cdn"]


class CarefulWebhooks(AsyncWebhookAdapter):
    """Answers to interactions."""

    async def request(self, route: Route, session: aiohttp.ClientSession, **more: Any) -> Any:
        """Make a call."""
        answered = _careful(super().request)
        try:
            return await answered(route, session=session, **more)
        except _TakenBeforeError:
            interaction = {"id": str(route.webhook_id), "type": 2}
            return {"interaction": interaction}


class _TakenBeforeError(Exception):
    """The first try was taken, and its answer lost."""


def _careful(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def careful(route: Route, **more: Any) -> Any:
        pauses = _pauses(route, more)
        async with asyncio.timeout(CALL_SECONDS):
            for number, pause in enumerate(pauses):
                try:
                    return await _once(call, route, more, again=number > 0)
                except _CUT as error:
                    if isinstance(error, aiohttp.ClientConnectorError):  # nobody was there
                        raise
                    log.info("connection cut; trying again", stage="network",
                             error=repr(error), path=route.path)  # fmt: skip
                    await asyncio.sleep(pause)
                    for file in more.get("files") or ():
                        file.reset()  # discord.py does so between its own tries alone
            return await _once(call, route, more, again=bool(pauses))

    return careful


def _pauses(route: Route, more: dict[str, Any]) -> tuple[float, ...]:
    if (route.method, route.path) not in _ONCE:
        return PAUSES_SECONDS
    # What one member alone is told, such as what went wrong, they rather see twice than never.
    payload = more.get("payload") or {}
    return PAUSES_SECONDS[:1] if payload.get("flags", 0) & _EPHEMERAL else ()


async def _once(
    call: Callable[..., Awaitable[Any]], route: Route, more: dict[str, Any], *, again: bool
) -> Any:
    try:
        answer = await call(route, **more)
    except json.JSONDecodeError as error:
        raise MalformedAnswerError(f"no JSON from {route.method} {route.path}: {error}") from None
    except discord.HTTPException as error:
        if again and error.code == _ALREADY_ACKNOWLEDGED:
            raise _TakenBeforeError from error
        raise
    if answer != "" and not isinstance(answer, _expected(route)):  # "" is 204
        kind = type(answer).__name__
        raise MalformedAnswerError(f"a {kind} from {route.method} {route.path}")
    return answer


def _expected(route: Route) -> type:
    lists = route.method in ("GET", "PUT") and route.path.endswith("s") and "@me" not in route.path
    return list if lists else dict
