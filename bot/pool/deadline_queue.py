"""Whose sentence an engine takes next where several processes ask for sentences: by servers.

Each process has a scheduler of its own, which knows nothing of the others' servers. So the engine
orders what all of them sent once more, by the same rule (`bot.speech.turns`): a server's sentence
that is due first is its head; heads come first, earliest deadline first; the others take what slots
are left and give theirs back to a head.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import BusyError
from bot.i18n import Translatable

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


class DeadlineQueue:
    """Sentences that wait and sentences under way. No clock, no thread and no engine of its own."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._order = itertools.count()
        self._entries: dict[int, tuple[Entry, int]] = {}
        self._under_way: set[int] = set()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def waiting(self) -> int:
        """How many sentences wait."""
        return len(self._entries) - len(self._under_way)

    @property
    def slots_taken(self) -> int:
        """How many slots those under way take."""
        return sum(self._entries[ticket][0].slots for ticket in self._under_way)

    def add(self, entry: Entry) -> None:
        """Let a sentence wait. Raises `BusyError` when too many do."""
        if self.waiting >= self._most:
            raise BusyError(
                Translatable(
                    "The {worker} is busy. Try again in a minute.",
                    worker=Translatable("engine worker"),
                )
            )
        self._entries[entry.ticket] = entry, next(self._order)

    def remove(self, ticket: int) -> bool:
        """Let go of a sentence that is made, or given up; return whether it was under way."""
        self._entries.pop(ticket, None)
        under_way = ticket in self._under_way
        self._under_way.discard(ticket)
        return under_way

    def turns(self, slots: int) -> Turns:
        """Decide what an engine of so many slots does next, and take note of it."""
        ranked = [entry for entry, _ in sorted(self._entries.values(), key=_place)]
        heads = {entry.server: entry.ticket for entry in reversed(ranked)}
        waiting = [entry for entry in ranked if entry.ticket not in self._under_way]
        first = [entry for entry in waiting if heads[entry.server] == entry.ticket]
        free = slots - self.slots_taken
        begin = _fitting(first, free, slots)
        if len(begin) < len(first):
            missing = min(first[len(begin)].slots, slots) - free + _slots(begin, slots)
            early = [entry for entry in reversed(ranked) if entry.ticket in self._under_way
                     and heads[entry.server] != entry.ticket]  # fmt: skip
            give_back = _enough(early, missing)
            if give_back:
                self._under_way.difference_update(give_back)
                return self._noted(begin, tuple(give_back))
        else:
            others = [entry for entry in waiting if entry not in first]
            begin += _fitting(others, free - _slots(begin, slots), slots)
        return self._noted(begin, ())

    def _noted(self, begin: list[Entry], give_back: tuple[int, ...]) -> Turns:
        tickets = tuple(entry.ticket for entry in begin)
        self._under_way.update(tickets)
        return Turns(tickets, give_back)


def _place(entry: tuple[Entry, int]) -> tuple[float, int, int]:
    return entry[0].due, entry[0].rank, entry[1]


def _slots(entries: Iterable[Entry], most: int) -> int:
    return sum(min(entry.slots, most) for entry in entries)


def _fitting(ranked: Iterable[Entry], free: int, most: int) -> list[Entry]:
    """Return the first that fit into `free` slots. None is passed by a smaller one."""
    fitting = []
    for entry in ranked:
        free -= min(entry.slots, most)
        if free < 0:
            break
        fitting.append(entry)
    return fitting


def _enough(entries: Iterable[Entry], slots: int) -> list[int]:
    """Return tickets until they take `slots` slots together; none where all are not enough."""
    tickets = []
    for entry in entries:
        if slots <= 0:
            break
        tickets.append(entry.ticket)
        slots -= entry.slots
    return tickets if slots <= 0 else []
