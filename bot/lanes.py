"""Work that is done in order within a guild, while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from bot.errors import MynahError, UserError
from storage.errors import StorageError

log = structlog.get_logger(__name__)

MAX_WAITING = 100
"""Pieces of work of one guild; beyond, the oldest is forgotten."""

Work: TypeAlias = Callable[[], Awaitable[object]]


class Lanes:
    """A lane of work for each guild that has any; in a lane one piece is done after the other."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[Work]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def post(self, guild_id: int, work: Work) -> None:
        """Have `work` done after what was posted for the guild before. Not after `close`."""
        lane = self._waiting.setdefault(guild_id, deque(maxlen=MAX_WAITING))
        lane.append(work)
        if guild_id not in self._tasks:
            self._tasks[guild_id] = asyncio.create_task(self._run(guild_id), name="lane")

    async def close(self) -> None:
        """Forget what waits and end what is being done."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, guild_id: int) -> None:
        lane = self._waiting[guild_id]
        try:
            while lane:
                await _done(guild_id, lane.popleft())
        finally:  # no work can come between the last look and here
            del self._waiting[guild_id], self._tasks[guild_id]


async def _done(guild_id: int, work: Work) -> None:
    try:
        await work()
    except UserError as error:  # such as a bot that is muted: nobody asked who could be told
        log.debug("not done", guild=guild_id, stage="reading", error=str(error))
    except (MynahError, StorageError) as error:
        log.warning("reading is hindered", guild=guild_id, stage="reading", error=str(error))
    except Exception:  # what comes after it is read all the same
        log.exception("reading failed", guild=guild_id, stage="reading")
