"""Failures to order: the next requests to a route are refused as Discord refuses them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

from .errors import json_response


@dataclass(slots=True)
class Fault:
    """One ordered failure. `route` is a pattern such as `POST /channels/*/messages`."""

    route: str
    status: int
    times: int
    retry_after: float
    delay: float

    def response(self) -> web.Response:
        """Return the refusal."""
        if self.status == 429:
            body = {
                "message": "You are being rate limited.",
                "retry_after": self.retry_after,
                "global": False,
            }
            # Without "Via" discord.py takes a 429 for a ban by Cloudflare and gives up.
            headers = {"Via": "1.1 google", "Retry-After": f"{self.retry_after:.3f}"}
            return json_response(body, 429, headers)
        return json_response({"message": f"{self.status}: ordered by the test"}, self.status)


class Faults:
    """The failures that are still to come."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def fail_next(
        self,
        route: str,
        status: int,
        *,
        times: int = 1,
        retry_after: float = 0.1,
        delay: float = 0.0,
    ) -> Fault:
        """Refuse the next `times` requests to `route` (fnmatch on "METHOD /path").

        retry_after: seconds, named by a 429. delay: seconds before the refusal.
        """
        fault = Fault(route, status, times, retry_after, delay)
        self._ordered.append(fault)
        return fault

    async def refusal(self, method: str, path: str) -> web.Response | None:
        """Return the refusal that is due for this request, if any."""
        for fault in self._ordered:
            if fault.times > 0 and fnmatchcase(f"{method} {path}", fault.route):
                fault.times -= 1
                await asyncio.sleep(fault.delay)
                return fault.response()
        return None
