"""How many texts a member may have spoken within a minute."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

PERIOD_SECONDS = 60.0

MAX_MEMBERS = 4096
"""Members that are remembered: those who spoke last."""


class MinuteLimit:
    """Counts by guild and member, over the last minute. clock: in s."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: OrderedDict[tuple[int, int], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, guild_id: int, user_id: int, most: int) -> float:
        """Count one, if there is room; return 0, else for how many seconds there is none yet."""
        now = self._clock()
        times = self._taken.setdefault((guild_id, user_id), deque())
        self._taken.move_to_end((guild_id, user_id))
        if len(self._taken) > MAX_MEMBERS:
            self._taken.popitem(last=False)
        while times and times[0] <= now - PERIOD_SECONDS:
            times.popleft()
        if len(times) >= most:
            return times[len(times) - most] + PERIOD_SECONDS - now
        times.append(now)
        return 0.0

    def wait(self, guild_id: int, user_id: int, most: int) -> float:
        """Return what `take` would, and count nothing."""
        if (guild_id, user_id) not in self._taken:
            return 0.0
        wait = self.take(guild_id, user_id, most)
        if not wait:
            self._taken[guild_id, user_id].pop()
        return wait

    def forget(self, covers: Callable[[int, int], bool]) -> None:
        """Forget what was counted. covers: whether a member of a guild is meant, by their ids."""
        for key in [key for key in self._taken if covers(*key)]:
            del self._taken[key]
