"""Whose turn it is to IDENTIFY, where several processes run one bot on one data directory.

Discord lets one shard of each bucket identify in 5 s; a shard's bucket is its id modulo
`max_concurrency` (https://discord.com/developers/docs/events/gateway#sharding-max-concurrency).
The file of a bucket is locked by whoever waits out what is left of that time, and holds when the
last one identified. The system releases such a lock when its process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import secrets
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from storage.layout import PROCESSES_NAME
from storage.private import make_private_directory, open_private

log = structlog.get_logger(__name__)

IDENTIFY_SECONDS = 5.0
"""Within which one shard of a bucket may identify."""

MARGIN_SECONDS = 0.1
"""What is added to it: an IDENTIFY may be on its way for longer than the next one."""

LOOK_SECONDS = 0.1
"""Between two looks whether others are done."""

LAUNCH_HELD_SECONDS, IDENTIFY_HELD_SECONDS = 120.0, 30.0
"""A process that keeps a lock for longer is stopped, or cannot reach Discord; others go on. To
connect takes a minute at most, to identify little more than 5 s."""

_TIME = struct.Struct("<d")
_MARK_BYTES = 8  # after the time: another one each time the lock is taken


class IdentifyTurns:
    """The turns of one bot's shards, across all processes on a data directory.

    application_id: whose shards; max_concurrency: as Discord says at GET /gateway/bot. clock:
    seconds since 1970, the same in all processes.
    """

    def __init__(
        self,
        directory: Path,
        application_id: int,
        max_concurrency: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._processes = directory / PROCESSES_NAME
        self._application_id = application_id
        self._buckets = max(1, max_concurrency)
        self._clock = clock
        self._launching: int | None = None
        self.queueing = False  # whether others' shards come first

    @asynccontextmanager
    async def launching(self, shard_id: int) -> AsyncIterator[None]:
        """Wait until no other process launches a shard of the bucket, before there is a connection.

        One that is open but does not identify for a minute is closed. Within the block, `take`
        waits for little more than 5 s.
        """
        if self._launching == shard_id:  # discord.py tries again within a try
            yield
            return
        self.queueing = True
        try:
            async with self._held("launch", shard_id, LAUNCH_HELD_SECONDS):
                self._launching, self.queueing = shard_id, False
                yield
        finally:
            self._launching, self.queueing = None, False

    async def take(self, shard_id: int) -> None:
        """Wait until a shard may identify, which it has to do at once."""
        async with self._held("identify", shard_id, IDENTIFY_HELD_SECONDS) as descriptor:
            if descriptor is None:
                await asyncio.sleep(IDENTIFY_SECONDS)
                return
            now = self._clock()
            # A clock that was set back must not hold up anybody for longer.
            wait = min(max(0.0, _last(descriptor) + IDENTIFY_SECONDS + MARGIN_SECONDS - now),
                       IDENTIFY_SECONDS + MARGIN_SECONDS)  # fmt: skip
            await asyncio.sleep(wait)
            os.pwrite(descriptor, _TIME.pack(self._clock()), 0)

    @asynccontextmanager
    async def _held(
        self, what: str, shard_id: int, held_seconds: float
    ) -> AsyncIterator[int | None]:
        """Hold the lock of a shard's bucket; yield its descriptor, None where there is no lock.

        held_seconds: for how long others may keep it.
        """
        bucket = shard_id % self._buckets
        path = self._processes / f"{what}-{self._application_id}-{bucket}.lock"
        with contextlib.ExitStack() as stack:
            try:
                make_private_directory(self._processes)
                descriptor = open_private(path)
                stack.callback(os.close, descriptor)
                await _lock(descriptor, held_seconds)
            except OSError as error:
                log.warning("shards identify without regard to other processes", stage="gateway",
                            error=str(error))  # fmt: skip
                yield None
                return
            yield descriptor


async def _lock(descriptor: int, held_seconds: float) -> None:
    """Wait for a lock; a thread that waited for it could not be cancelled.

    Raises TimeoutError when one process has had it for `held_seconds`; OSError.
    """
    holder, since = b"", time.monotonic()
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.pwrite(descriptor, secrets.token_bytes(_MARK_BYTES), _TIME.size)
            return
        if (now_holds := os.pread(descriptor, _MARK_BYTES, _TIME.size)) != holder:
            holder, since = now_holds, time.monotonic()
        elif time.monotonic() - since > held_seconds:
            raise TimeoutError(f"another process had its turn for {held_seconds:.0f} s")
        # Not at an even pace: of two that wait, neither is always second.
        await asyncio.sleep(LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - no secret


def _last(descriptor: int) -> float:
    """Return when a shard of the bucket identified last; 0 where none ever did."""
    content = os.pread(descriptor, _TIME.size, 0)
    return float(_TIME.unpack(content)[0]) if len(content) == _TIME.size else 0.0
