"""Whose sentence is worked on, whose makes room: decided from all that are waited for.

A guild's sentence that is due first is its head; the others are ahead of their time. Heads take
what slots there are, earliest deadline first, as if nothing else was there. What is ahead fills the
slots that are left, and gives its slot back when a head needs it.

The scheduler decides so about its bot's guilds, and an engine that several bots ask about those of
all of them (`bot.pool.deadline_queue`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Contender(Protocol):
    """A sentence that is to be made.

    order: of those of a guild that are due at once, the least is heard first.
    """

    @property
    def guild_id(self) -> int:
        """Whose it is."""

    @property
    def order(self) -> Any:
        """Decides between those that are due at once: the least comes first."""

    @property
    def waited_for(self) -> bool:
        """Whether anybody still wants it."""

    @property
    def opening(self) -> bool:
        """Whether its guild hears nothing until it is made."""

    @property
    def under_way(self) -> bool:
        """Whether it has its slots."""

    @property
    def yielding(self) -> bool:
        """Whether it was told to give them back."""

    def due(self) -> float:
        """Return when it is needed, in seconds, all by the same clock."""

    def slots(self, most: int) -> int:
        """Return how many of `most` slots it takes."""


C = TypeVar("C", bound=Contender)


@dataclass(frozen=True, slots=True)
class Decision(Generic[C]):
    """Turns to begin, in this order, and turns that have to give their slot back."""

    begin: Sequence[C]
    withdraw: Sequence[C]


def decide(
    turns: Sequence[C], slots: int, *, company_slows: bool, soon: float = -math.inf
) -> Decision[C]:
    """Return what is to be done with `slots` slots.

    company_slows: whether sentences that are worked on together take longer each. Then nothing is
    worked on ahead while a guild waits for its opening, nor while another guild's head is due
    before `soon`, and nothing is begun ahead while another guild waits for anything, so that nobody
    is slowed by what is not needed yet.

    A deadline takes a walk through a guild's queue to tell, so none is asked for that cannot
    matter: with no slot free and nothing ahead in flight, those of few guilds are.
    """
    free = slots - sum(turn.slots(slots) for turn in turns if turn.under_way)
    guilds = _Guilds(turns)
    if free <= 0 and not guilds.going_ahead():
        return NOTHING
    guilds.ask()
    going = guilds.going_ahead()
    heads = guilds.heads()
    first = guilds.ranked(turn for turn in heads if not turn.under_way)
    begin = fitting(first, free, slots)
    if company_slows and any(turn.opening for turn in heads):
        return Decision(begin, [turn for turn in going if not turn.yielding])
    if company_slows and going:
        hurried = {turn.guild_id for turn in heads if guilds.due(turn) < soon}
        slowing = [turn for turn in going if not turn.yielding and hurried - {turn.guild_id}]
        if slowing:
            return Decision(begin, slowing)
    if len(begin) < len(first):
        return Decision(begin, making_room(first[len(begin)], begin, going, free, slots))
    if company_slows and len(heads) > 1:
        return Decision(begin, ())
    free -= sum(turn.slots(slots) for turn in begin)
    more = fitting(guilds.early(), free, slots)
    return Decision([*begin, *more], ())


NOTHING: Decision[Any] = Decision((), ())


class _Guilds(Generic[C]):
    """All that is waited for, by guild, with the deadlines that were asked for."""

    def __init__(self, turns: Sequence[C]) -> None:
        self._dues: dict[C, float] = {}
        self._wanted = [turn for turn in turns if turn.waited_for]
        self._guilds: dict[int, list[C]] = {}
        for turn in self._wanted:
            self._guilds.setdefault(turn.guild_id, []).append(turn)

    def ask(self) -> None:
        """Ask for the deadlines of all that waits, in the order in which it came.

        Of two that are due at once, the first then stays first, though the clock has moved on.
        """
        self._dues.clear()
        for turn in self._wanted:
            if not turn.under_way or len(self._guilds[turn.guild_id]) > 1:
                self.due(turn)

    def due(self, turn: C) -> float:
        """Return when a turn is due, as it stood when it was first asked for."""
        due = self._dues.get(turn)
        if due is None:
            due = self._dues[turn] = turn.due()
        return due

    def ranked(self, turns: Iterable[C]) -> list[C]:
        """Return turns by when they are due, then by when they came."""
        return sorted(turns, key=lambda turn: (self.due(turn), turn.order))

    def heads(self) -> list[C]:
        """Return each guild's turn that is due first, in no order."""
        return [self._head(own) for own in self._guilds.values()]

    def going_ahead(self) -> list[C]:
        """Return what is in flight before its time, ranked."""
        going = []
        for own in self._guilds.values():
            if len(own) > 1 and any(turn.under_way for turn in own):
                head = self._head(own)
                going += [turn for turn in own if turn.under_way and turn is not head]
        return self.ranked(going)

    def early(self) -> list[C]:
        """Return what waits and is no head, ranked."""
        several = [own for own in self._guilds.values() if len(own) > 1]
        return self.ranked(
            turn
            for own in several
            for head in [self._head(own)]
            for turn in own
            if turn is not head and not turn.under_way
        )

    def _head(self, own: list[C]) -> C:
        if len(own) == 1:
            return own[0]
        return min(own, key=lambda turn: (self.due(turn), turn.order))


def fitting(ranked: Sequence[C], free: int, slots: int) -> list[C]:
    """Return the first turns that fit into `free` slots. None is passed by a smaller one."""
    fit = []
    for turn in ranked:
        free -= turn.slots(slots)
        if free < 0:
            break
        fit.append(turn)
    return fit


def making_room(head: C, begin: Sequence[C], going: Sequence[C], free: int, slots: int) -> list[C]:
    """Return what gives its slot back so that `head` can begin: what is due last."""
    missing = head.slots(slots) + sum(turn.slots(slots) for turn in begin) - free
    missing -= sum(turn.slots(slots) for turn in going if turn.yielding)
    withdrawn = []
    for turn in reversed(going):
        if missing > 0 and not turn.yielding:
            withdrawn.append(turn)
            missing -= turn.slots(slots)
    return withdrawn
