"""Whether the gateway is there: what a client's shards tell of their connections."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.condition import Condition


class GatewayState:
    """Which shards of one client are away, and since when. clock: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._away: dict[int, float] = {}

    def lost(self, shard_id: int) -> None:
        """Hear that a shard has no connection; discord.py makes another."""
        self._away.setdefault(shard_id, self._clock())

    def back(self, shard_id: int) -> None:
        """Hear that a shard's session goes on, or that it has a new one."""
        self._away.pop(shard_id, None)

    def condition(self, *, connected: bool, ready: bool, closing: bool) -> Condition:
        """Return how the connection is. connected: ever. ready: once, with all servers known."""
        if closing:
            return Condition("off", "It is shutting down.")
        if not connected:
            return Condition("starting", "It is logging in.")
        if self._away:
            shards = ", ".join(map(str, sorted(self._away)))
            return Condition(
                "failing",
                f"The connection to Discord is lost (shard {shards}); it is being made again.",
                since=min(self._away.values()),
            )
        if not ready:
            return Condition("starting", "It is waiting to hear of its servers.")
        return Condition("ok")
