"""Whose turn it is to write to an SQLite database, across processes: in the order of asking.

SQLite itself lets those who wait try again now and then, so that one of many can be unlucky until
it is refused. The turn is a lock on the data directory, for which the system has a queue, and which
it releases when its process ends, however it ends. SQLite's own lock still decides: where no turn
can be had, writing goes on as it does without.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

TURN_SECONDS = 20.0
"""How long others may come first; a process that holds the turn may have been stopped."""


@asynccontextmanager
async def write_turn(directory: Path, seconds: float = TURN_SECONDS) -> AsyncIterator[None]:
    """Hold the turn to write in a directory, or none where it cannot be had in that time."""
    turn = _Turn(directory)
    try:
        known = await asyncio.to_thread(turn.begin)
    except BaseException:
        turn.abandon()
        raise
    if not known or not (turn.held or await _waited(turn, seconds)):
        yield  # whoever waits for an abandoned turn releases it
        return
    try:
        yield
    finally:
        turn.close()


class _Turn:
    """A descriptor of the directory. held: whether its lock is.

    Threads open it and wait for it, and go on when who asked has gone: what was abandoned is
    released by them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None
        self._deciding = threading.Lock()
        self.held = self._waiting = self._abandoned = False

    def begin(self) -> bool:
        """Take it if nobody has it; whether there are locks. In a thread."""
        try:
            descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            held = _try_now(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        with self._deciding:
            self._descriptor, self.held = descriptor, held
            if self._abandoned:
                self.close()
        return True

    def wait(self) -> None:
        """Take it when it is its turn, in a thread that `waiting` was told of."""
        assert self._descriptor is not None
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._deciding:
            self.held, self._waiting = True, False
            if self._abandoned:
                self.close()

    def waiting(self) -> None:
        """Leave the descriptor to the thread that waits, until it has the turn."""
        self._waiting = True

    def abandon(self) -> None:
        """Have it released by the thread that is at it, or now where none is."""
        with self._deciding:
            self._abandoned = True
            if not self._waiting:
                self.close()

    def close(self) -> None:
        """Release it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_now(descriptor: int) -> bool:
    """Take the lock if nobody has it. Raises OSError where there are no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _waited(turn: _Turn, seconds: float) -> bool:
    """Wait for a turn; whether it came in time. It is abandoned otherwise, also when cancelled."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        turn.wait()
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(came.set)

    turn.waiting()
    # A daemon: where who has the turn was stopped for good, the program can end all the same.
    threading.Thread(target=wait, name="write-turn", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await came.wait()
    except BaseException as error:
        turn.abandon()
        if isinstance(error, TimeoutError):
            return False
        raise
    return True
