"""Which processes of all machines run the bot on a database: each for shards that no other one has.

A process holds locks of the database for as long as it lives, in a session of its own. PostgreSQL
releases them when the session ends: at once where the process ends, however it does; within
`WAIT_SECONDS` where its machine or its network is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from storage.bot_processes import SharedPlace, side_by_side
from storage.errors import DirectoryInUseError, StorageError
from storage.postgres import session_locks
from storage.postgres.address import shown
from storage.postgres.failures import FAILURES, translated
from storage.postgres.pool import connect
from storage.postgres.session_locks import Claim, SessionProcess, session_name
from storage.shards import Shards

log = logging.getLogger(__name__)

WAIT_SECONDS = 15.0
"""How long a start waits for others to end; a machine that is gone is noticed sooner."""

LOOK_SECONDS = 0.5
BEAT_SECONDS = 5.0
"""How often it is asked for an answer whether the session is there still."""

ANSWER_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
"""Between two tries to have the locks again."""

_CLOSE_SECONDS = 2.0

NOTICES = {
    # Of a machine that is silent: 5 s, and 3 probes of 2 s.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    # Of one that is silent while an answer to it is under way, where no probes are sent.
    "tcp_user_timeout": "11000",
}
"""How the server notices that a session's machine is gone. client_connection_check_interval would
add nothing: it is for statements that take long."""


class ProcessLock:
    """Holds the locks, in a session that is made anew where it is lost.

    url: of the database. shards: None for all. stop: ends what is waited for.
    """

    def __init__(self, url: str, shards: Shards | None, stop: asyncio.Event) -> None:
        self._url, self._place = url, SharedPlace(shown(url), "storage.url")
        self._claim = Claim(shards)
        self._stop = stop
        self._name = session_name(secrets.token_hex(4), os.getpid(), socket.gethostname())
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def enter(self) -> None:
        """Take the locks; wait for who has them for at most `WAIT_SECONDS`.

        Raises DirectoryInUseError, which says who has them; StorageError.
        """
        until = time.monotonic() + WAIT_SECONDS
        told = False
        with translated(self._place.shown):
            while (other := await self._take()) is not None:
                refusal = self._refusal(other)
                if self._stop.is_set() or time.monotonic() > until:
                    raise refusal
                if not told:
                    log.warning("I wait for at most %.0f s for another process to end, which may "
                                "be of a machine that is gone: %s",
                                WAIT_SECONDS, refusal)  # fmt: skip
                told = True
                await _pause(self._stop, LOOK_SECONDS)

    async def claim(self, application_id: int) -> None:
        """Say whose bot it is that this process runs.

        While the session is lost, that is said when it is there again.

        Raises DirectoryInUseError where another process runs another application's.
        """
        claim = replace(self._claim, application_id=application_id)
        if claim == self._claim:
            return
        self._claim = claim
        async with self._turn:
            connection = self._connection
            if connection is None or connection.is_closed():
                return
            try:
                other = await session_locks.take(connection, claim)
            except FAILURES:
                connection.terminate()
                return
        if other is not None:
            raise self._refusal(other)

    async def keep(self) -> None:
        """Hold the locks until it is cancelled.

        Raises DirectoryInUseError where the session was lost and another process has them now.
        """
        while True:
            await self._until_lost()
            log.warning("The session that keeps others from running the shards of this process is "
                        "lost. I make another one.")  # fmt: skip
            await self._take_again()
            log.info("Others are kept from running the shards of this process again.")

    async def close(self) -> None:
        """Release the locks."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=_CLOSE_SECONDS)
            except FAILURES:
                connection.terminate()

    async def _take_again(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            with contextlib.suppress(StorageError, *FAILURES):
                async with self._turn:
                    other = await self._take()
                if other is None:
                    return
                if other.name != self._name:
                    break
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        refusal = self._refusal(other)
        log.error("Another process runs the shards of this one by now. This one ends: %s", refusal)
        raise refusal

    async def _take(self) -> SessionProcess | None:
        """Take the locks; return who has them, if anybody. Raises asyncpg's errors, StorageError.

        A former session of this process, which the server has not missed yet, is ended.
        """
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, {**NOTICES, "application_name": self._name})
        other = await session_locks.take(self._connection, self._claim)
        if other is not None and other.name == self._name:
            await session_locks.end(self._connection, other)
        return other

    async def _until_lost(self) -> None:
        connection = self._connection
        assert connection is not None, "enter first"
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _connection: closed.set())
        while not connection.is_closed():
            if not await _pause(closed, BEAT_SECONDS):
                await self._expect_answer(connection)

    async def _expect_answer(self, connection: asyncpg.Connection) -> None:
        """Give the connection up where it has none."""
        async with self._turn:
            try:
                await connection.execute("SELECT 1", timeout=ANSWER_SECONDS)
            except FAILURES:
                connection.terminate()

    def _refusal(self, other: SessionProcess) -> DirectoryInUseError:
        claim = self._claim
        if claim.application_id is not None and side_by_side(claim.shards, other.shards):
            return self._place.of_another(claim.application_id, other)
        return self._place.in_use(claim.shards, other)


@asynccontextmanager
async def running(
    url: str, shards: Shards | None, stop: asyncio.Event
) -> AsyncIterator[ProcessLock]:
    """Run the bot on a database, for some shards or for all (None), until the block ends.

    stop: set where another process runs them by now, so that this one ends; the end of the block
    raises why. Where it is set while others are waited for, that is given up.

    Raises DirectoryInUseError, which says who has them, where another process runs one of them;
    StorageError where the database cannot be used.
    """
    lock = ProcessLock(url, shards, stop)
    try:
        await lock.enter()
        keeping = asyncio.create_task(lock.keep(), name="process-lock")
        keeping.add_done_callback(lambda _task: stop.set())
        try:
            yield lock
        finally:
            keeping.cancel()
            [ended] = await asyncio.gather(keeping, return_exceptions=True)
    finally:
        await lock.close()
    if isinstance(ended, Exception):
        raise ended


async def _pause(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for some time; return whether it came."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
