"""Which of a bot's shards a process runs, and which servers those are.

Discord splits the servers of a big bot among its shards
(https://discord.com/developers/docs/events/gateway#sharding).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SHARDS = 16_384
"""Of one bot: far more than Discord's biggest has."""

FORM = 'should be "auto", or shards of a number of shards, such as "0-15/64", "3/8" or "0,2,4/8"'

_TEXT = re.compile(r"([\d\s,-]+)/\s*(\d+)\s*", re.ASCII)
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shards:
    """Some of a bot's shards. ids: ascending, below count; count: how many the bot has in all."""

    ids: tuple[int, ...]
    count: int

    def covers(self, guild_id: int) -> bool:
        """Whether a server is one of these shards'."""
        return (guild_id >> 22) % self.count in self.ids

    def shares_none_with(self, other: Shards) -> bool:
        """Whether both are of one number of shards, and none is one of both."""
        return self.count == other.count and set(self.ids).isdisjoint(other.ids)

    def __str__(self) -> str:
        """As it is configured, with ranges."""
        return f"{','.join(_ranges(self.ids))}/{self.count}"


def parse_shards(text: str) -> Shards | None:
    """Return what a configuration says; None for "auto". Raises ValueError that says what may be.

    text: "auto", or ids and ranges of ids, apart by commas, then "/" and the number of shards.
    """
    if text.strip().lower() == "auto":
        return None
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(FORM)
    count = _number(match[2])
    if not 1 <= count <= MAX_SHARDS:
        raise ValueError(f"the number of shards, after the /, should be from 1 to {MAX_SHARDS}")
    ids = [i for part in match[1].split(",") for i in _part(part, count)]
    if len(set(ids)) < len(ids):
        raise ValueError("names a shard twice")
    return Shards(tuple(sorted(ids)), count)


def _part(part: str, count: int) -> range:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise ValueError(FORM)
    first = _number(match[1])
    last = first if match[2] is None else _number(match[2])
    if first > last:
        raise ValueError(f"in {first}-{last} the first shard should not be above the last")
    if last >= count:
        raise ValueError(f"of {count} shards the last is {count - 1}: they count from 0")
    return range(first, last + 1)


def _number(digits: str) -> int:
    # A number of a thousand digits is not worth reading: it is too high all the same.
    return int(digits) if len(digits.lstrip("0")) <= 5 else 99_999


def _ranges(ids: tuple[int, ...]) -> Iterator[str]:
    first = last = ids[0]
    for i in (*ids[1:], None):
        if i is not None and i == last + 1:
            last = i
            continue
        yield f"{first}" if first == last else f"{first}-{last}"
        if i is not None:
            first = last = i
