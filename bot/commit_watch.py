"""Notices that anything was committed to the database, by whichever process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from storage.errors import StorageError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
"""Between two looks: what another process changes is noticed within a second."""

OnCommit = Callable[[], Awaitable[None]]


class CommitWatch:
    """Calls its subscribers after every commit, at most once in `LOOK_SECONDS`.

    A look costs one `PRAGMA`. version: a number that changes with every commit; it raises
    StorageError.
    """

    def __init__(self, version: Callable[[], Awaitable[int]]) -> None:
        self._read_version = version
        self._subscribers: list[OnCommit] = []
        self._version: int | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[CommitWatch]:
        """Look again and again until the block ends."""
        task = asyncio.create_task(self._keep_looking(), name="commit-watch")
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def subscribe(self, on_commit: OnCommit) -> None:
        """Have `on_commit` called after commits.

        What it raises is logged, and it is called again after the next look.
        """
        self._subscribers.append(on_commit)

    def look_again(self) -> None:
        """Have the subscribers called after the next look in any case."""
        self._version = None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(StorageError):  # whoever needs the database will say so
                await self._look()

    async def _look(self) -> None:
        version = await self._read_version()
        if version == self._version:
            return
        self._version = version  # before what is read now, so that a later commit is seen
        results = await asyncio.gather(*(f() for f in self._subscribers), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                self.look_again()
                _report(result)


def _report(error: Exception) -> None:
    if isinstance(error, StorageError):
        log.warning("what changed cannot be read", stage="storage", error=str(error))
    else:
        log.error("a commit was not taken in", stage="storage", exc_info=error)
