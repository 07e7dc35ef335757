"""One transaction at a time in this process; one that has begun ends on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """Hands out the turn to write. Callers wait in their order."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._transaction: asyncio.Task[object] | None = None

    async def take(self, transact: Callable[[], Awaitable[T]]) -> T:
        """Run `transact` when it is its turn, and raise what it raises.

        A caller that is cancelled while it waits is forgotten; what has begun ends on its own.
        """
        await self._turn.acquire()
        task = asyncio.ensure_future(transact())
        self._transaction = task  # the loop itself would not keep it from being collected
        task.add_done_callback(self._end)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for the transaction in flight; let no other begin."""
        await self._turn.acquire()

    def alone(self) -> asyncio.Lock:
        """Return what holds the turn while it is entered, for what is no transaction."""
        return self._turn

    def _end(self, task: asyncio.Future[T]) -> None:
        self._turn.release()
        if not task.cancelled():
            task.exception()  # seen, also when the caller was cancelled
