"""What is remembered of a guild that is read to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bot.reading.announcer import Announcer
from bot.reading.backlog import LeftOut
from bot.reading.repeats import Repeats

MAX_ROOMS = 2000


@dataclass(slots=True)
class Room:
    """Who was heard, what was written just before, what was left out; each is bounded."""

    announcer: Announcer = field(default_factory=Announcer)
    repeats: Repeats = field(default_factory=Repeats)
    left_out: LeftOut = field(default_factory=LeftOut)


class Rooms:
    """A room a guild; of too many, the one that was used longest ago is forgotten."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[int, Room] = OrderedDict()

    def of(self, guild_id: int) -> Room:
        """Return a guild's room."""
        room = self._rooms.setdefault(guild_id, Room())
        self._rooms.move_to_end(guild_id)
        if len(self._rooms) > MAX_ROOMS:
            self._rooms.popitem(last=False)
        return room

    def forget(self, guild_id: int) -> None:
        """Forget a guild."""
        self._rooms.pop(guild_id, None)

    def forget_members(self, covers: Callable[[int, int], bool]) -> None:
        """Forget members. covers: whether one of a guild is meant."""
        for guild_id, room in self._rooms.items():
            room.announcer.forget(partial(covers, guild_id))
            room.repeats.forget(partial(covers, guild_id))
