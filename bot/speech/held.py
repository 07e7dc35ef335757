"""How much speech that was made ahead is kept in memory."""

from __future__ import annotations

from collections import Counter

MEGABYTE = 1024 * 1024


class HeldPackets:
    """Bytes of packets that were made ahead and wait for their turn, by guild and in all.

    A sentence counts with an estimate while it is made. What is needed now is made in any case, so
    a bound can be passed by as much as is in flight: a sentence has 0.4 MB at most.
    """

    def __init__(self, per_guild: int = 2 * MEGABYTE, in_all: int = 64 * MEGABYTE) -> None:
        self._per_guild, self._in_all = per_guild, in_all
        self._held: Counter[int] = Counter()
        self.total = 0

    def room(self, guild_id: int) -> bool:
        """Whether more may be made ahead for a guild."""
        return self._held[guild_id] < self._per_guild and self.total < self._in_all

    def add(self, guild_id: int, size: int) -> None:
        """Count `size` bytes more, or fewer where it is negative."""
        self.total += size
        self._held[guild_id] += size
        if not self._held[guild_id]:
            del self._held[guild_id]
