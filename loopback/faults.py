"""Failures to order: what happens to the next requests to a route, in the order of the orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from aiohttp import web

from .errors import json_response
from .model import Payload

Handle = Callable[[], Awaitable[web.StreamResponse]]
EVERYWHERE = "*"
"""Every route of the API."""


class How(Enum):
    """What becomes of a request."""

    REFUSED = "refused"
    SLOW = "slow"
    RESET = "reset"
    GARBLED = "garbled"


@dataclass(slots=True)
class Fault:
    """One ordered failure. `route` is a pattern such as `POST /channels/*/messages`.

    times: requests that are still to meet it; met: those that did. handled: Discord did what was
    asked before it failed.
    """

    route: str
    how: How
    times: int = 1
    status: int = 500
    body: bytes | Payload | None = None
    retry_after: float = 0.1
    everywhere: bool = False
    delay: float = 0.0
    handled: bool = False
    met: int = 0

    async def meet(self, request: web.Request, handle: Handle) -> web.StreamResponse:
        """Let the fault happen to a request."""
        await asyncio.sleep(self.delay)
        if self.how is How.SLOW:
            return await handle()
        if self.handled:
            await handle()
        if self.how is How.RESET:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=499)  # seen by the record of requests alone
        return self._answer()

    def _answer(self) -> web.Response:
        if self.how is How.GARBLED:
            assert isinstance(self.body, bytes)
            return web.Response(body=self.body, status=200, content_type="application/json")
        if self.status == 429:
            return self._rate_limited()
        refused = {"message": f"{self.status}: ordered by the test"}
        return json_response(self.body or refused, self.status)

    def _rate_limited(self) -> web.Response:
        body = {
            "message": "You are being rate limited.",
            "retry_after": self.retry_after,
            "global": self.everywhere,
        }
        # Without "Via" discord.py takes a 429 for a ban by Cloudflare and gives up.
        headers = {"Via": "1.1 google", "Retry-After": f"{self.retry_after:.3f}"}
        if self.everywhere:
            headers |= {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
        return json_response(body, 429, headers)


class Faults:
    """The failures that are still to come. Every route is an fnmatch pattern on "METHOD /path"."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> Fault:
        """Let a fault happen to the next requests that it is for; it tells how many met it."""
        self._ordered.append(fault)
        return fault

    def fail_next(
        self,
        route: str,
        status: int,
        *,
        code: int | None = None,
        times: int = 1,
        retry_after: float = 0.1,
        everywhere: bool = False,
        delay: float = 0.0,
    ) -> Fault:
        """Refuse the next `times` requests.

        code: Discord's own of the error. retry_after: seconds, named by a 429. everywhere: its
        limit is the global one. delay: seconds before the refusal.
        """
        body = None if code is None else {"message": f"ordered by the test: {code}", "code": code}
        fault = Fault(route, How.REFUSED, times, status, body, retry_after, everywhere, delay)
        return self.order(fault)

    def slow_next(self, route: str, seconds: float, *, times: int = 1) -> Fault:
        """Take so long before the next requests are looked at."""
        return self.order(Fault(route, How.SLOW, times, delay=seconds))

    def reset_next(self, route: str, *, times: int = 1, handled: bool = False) -> Fault:
        """Cut the connection of the next requests. handled: only after doing what they ask."""
        return self.order(Fault(route, How.RESET, times, handled=handled))

    def garble_next(
        self, route: str, body: bytes = b'{"id": "1', *, times: int = 1, handled: bool = False
    ) -> Fault:
        """Answer the next requests with success and a body that is not as Discord's."""
        return self.order(Fault(route, How.GARBLED, times, body=body, handled=handled))

    def clear(self) -> None:
        """Let nothing more fail."""
        self._ordered.clear()

    async def answer(self, request: web.Request, route: str, handle: Handle) -> web.StreamResponse:
        """Answer a request, as the fault says that is due for it, if any."""
        for fault in self._ordered:
            if fault.times > 0 and fnmatchcase(route, fault.route):
                fault.times -= 1
                fault.met += 1
                return await fault.meet(request, handle)
        return await handle()
