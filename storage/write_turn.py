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
    turn = await asyncio.to_thread(_at_once, directory)
    if turn is not None and not turn.held and not await _waited(turn, seconds):
        turn = None  # the thread that waits for it releases it
    try:
        yield
    finally:
        if turn is not None:
            turn.close()


class _Turn:
    """A descriptor of the directory. held: whether its lock is."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._deciding = threading.Lock()
        self.held = self._abandoned = False

    def try_now(self) -> None:
        """Take it if nobody has it. Raises OSError where there are no locks."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.held = True

    def wait(self) -> None:
        """Take it when it is its turn, in a thread; what was abandoned meanwhile is released."""
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._deciding:
            self.held = True
            if self._abandoned:
                self.close()

    def abandon(self) -> None:
        """Have it released by whoever waits for it, or now where it came just so."""
        with self._deciding:
            self._abandoned = True
            if self.held:
                self.close()

    def close(self) -> None:
        """Release it."""
        os.close(self._descriptor)


def _at_once(directory: Path) -> _Turn | None:
    """Return a turn that is held, or that others have; None where there are no locks."""
    turn = None
    try:
        turn = _Turn(directory)
        turn.try_now()
    except OSError:
        if turn is not None:
            turn.close()
        return None
    return turn


async def _waited(turn: _Turn, seconds: float) -> bool:
    """Wait for a turn; whether it came in time. It is abandoned otherwise, also when cancelled."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        turn.wait()
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(came.set)

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
