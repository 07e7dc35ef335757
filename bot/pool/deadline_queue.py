"""Whose sentence an engine takes next where several processes ask for sentences: by servers.

Each process has a scheduler of its own, which knows nothing of the others' servers. So the engine
orders what all of them sent once more, by the same rule (`bot.speech.turn_order`).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.i18n import N_
from bot.speech.turn_order import decide
from bot.workers.errors import busy

ALL_SLOTS = sys.maxsize
"""That a sentence takes which shares the engine with no other."""

MAX_WAITING = 1024
"""Sentences of all processes that wait for one engine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence by its ticket.

    server: whose it is; rank: how many that are heard before it were not made yet; due: when it
    is needed, in s of any clock, the same for all; slots: how many of the engine's it takes.
    """

    ticket: int
    server: int
    due: float
    rank: int = 0
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Turns:
    """Tickets to begin, in this order, and tickets that have to give their slots back."""

    begin: tuple[int, ...] = ()
    give_back: tuple[int, ...] = ()


@dataclass(eq=False, slots=True)
class _Queued:
    """An entry as a `Contender`. Of a server's that are due at once, the lower rank is heard first,
    then what came first.
    """

    waited_for: ClassVar = True
    opening: ClassVar = False
    yielding: ClassVar = False  # what gives its slots back has done so at once

    entry: Entry
    number: int
    under_way: bool = False

    @property
    def guild_id(self) -> int:
        return self.entry.server

    @property
    def order(self) -> tuple[int, int]:
        return self.entry.rank, self.number

    def due(self) -> float:
        return self.entry.due

    def slots(self, most: int) -> int:
        return min(self.entry.slots, most)


class DeadlineQueue:
    """Sentences that wait and sentences under way. No clock, no thread and no engine of its own."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._numbers = itertools.count()
        self._queued: dict[int, _Queued] = {}  # by ticket

    def __len__(self) -> int:
        return len(self._queued)

    @property
    def waiting(self) -> int:
        """How many sentences wait."""
        return sum(not queued.under_way for queued in self._queued.values())

    def add(self, entry: Entry) -> None:
        """Let a sentence wait. Raises `BusyError` when too many do."""
        if self.waiting >= self._most:
            raise busy(N_("engine worker"))
        self._queued[entry.ticket] = _Queued(entry, next(self._numbers))

    def remove(self, ticket: int) -> bool:
        """Let go of a sentence that is made, or given up; return whether it was under way."""
        queued = self._queued.pop(ticket, None)
        return queued is not None and queued.under_way

    def turns(self, slots: int) -> Turns:
        """Decide what an engine of so many slots does next, and take note of it."""
        decision = decide(list(self._queued.values()), slots, company_slows=False)
        for queued in decision.begin:
            queued.under_way = True
        for queued in decision.withdraw:
            queued.under_way = False
        return Turns(_tickets(decision.begin), _tickets(decision.withdraw))


def _tickets(queued: Sequence[_Queued]) -> tuple[int, ...]:
    return tuple(each.entry.ticket for each in queued)
