"""Snowflakes, times and waiting: what every part of the loopback Discord needs."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime

DISCORD_EPOCH_MS = 1_420_070_400_000
_POLL_SECONDS = 0.005

_increments = itertools.count(1)


def snowflake() -> int:
    """Return a new Discord id: milliseconds since 2015 in the upper bits, a counter below."""
    milliseconds = int(time.time() * 1000) - DISCORD_EPOCH_MS
    return (milliseconds << 22) | (next(_increments) & 0x3FFFFF)


def timestamp() -> str:
    """Return the present as Discord writes it (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Clock:
    """Seconds since some start; a test can move it on to let tokens expire."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the present in seconds."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock on by `seconds`."""
        self._ahead += seconds


async def wait_until(condition: Callable[[], object], within: float, what: str) -> None:
    """Return once `condition()` is true; raise TimeoutError naming `what` after `within` s."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {within:g} s")
        await asyncio.sleep(_POLL_SECONDS)
