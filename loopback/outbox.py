"""Writes to one websocket in order, so that plain functions can send."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from aiohttp import web

_LONGEST = 10_000
CLOSE_SECONDS = 1.0
"""How long a closing handshake may take: a bot under test may be stuck."""


@dataclass(frozen=True, slots=True)
class _Close:
    code: int
    reason: str


class Outbox:
    """A bounded queue in front of a websocket. Must be closed with `aclose`."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self._ws = ws
        self._queue: asyncio.Queue[str | bytes | _Close] = asyncio.Queue(_LONGEST)
        self._task = asyncio.create_task(self._write(), name="loopback outbox")

    def send(self, frame: str | bytes) -> None:
        """Send a frame after all those before it."""
        self._queue.put_nowait(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Close the websocket with this code once everything before is sent."""
        self._queue.put_nowait(_Close(code, reason))

    async def aclose(self) -> None:
        """Stop writing."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _write(self) -> None:
        # The other end may vanish at any time; the reading side notices and ends us.
        with contextlib.suppress(ConnectionError):
            while await self._write_one(await self._queue.get()):
                pass

    async def _write_one(self, frame: str | bytes | _Close) -> bool:
        if isinstance(frame, _Close):
            await self._ws.close(code=frame.code, message=frame.reason.encode())
            return False
        if isinstance(frame, str):
            await self._ws.send_str(frame)
        else:
            await self._ws.send_bytes(frame)
        return True
