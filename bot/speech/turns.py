"""Whose sentence is worked on, whose makes room: decided from all that are waited for.

A guild's sentence that is due first is its head; the others are ahead of their time. Heads take
what slots there are, earliest deadline first, as if nothing else was there. What is ahead fills the
slots that are left, and gives its slot back when a head needs it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.speech.types import SynthesisRequest, SynthesisResult

Due = Callable[[], float]
"""When a sentence is needed, in seconds of the event loop's clock, as things stand now."""


@dataclass(eq=False)
class Turn:
    """A sentence that somebody waits for.

    ahead: whether it was asked for while an earlier one of its guild was waited for. opening:
    whether its guild hears nothing until it is made, because nothing was said before.
    asked: when, in seconds of the event loop's clock. task: while the synthesizer has it.
    yielding: whether the task was told to make room.
    """

    request: SynthesisRequest
    guild_id: int
    due: Due
    order: int
    ahead: bool = False
    opening: bool = False
    asked: float = 0.0
    result: asyncio.Future[SynthesisResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    task: asyncio.Task[None] | None = None
    yielding: bool = False

    def slots(self, most: int) -> int:
        """Return how many of `most` slots it takes: one for each take."""
        return min(self.request.settings.takes or 1, most)

    @property
    def waited_for(self) -> bool:
        """Whether its result is still to come, and somebody wants it."""
        return not self.result.done()


@dataclass(frozen=True, slots=True)
class Decision:
    """Turns to begin, in this order, and turns that have to give their slot back."""

    begin: Sequence[Turn]
    withdraw: Sequence[Turn]


def decide(
    turns: Sequence[Turn], slots: int, *, company_slows: bool, soon: float = -math.inf
) -> Decision:
    """Return what is to be done with `slots` slots.

    company_slows: whether sentences that are worked on together take longer each. Then nothing is
    worked on ahead while a guild waits for its opening, nor while another guild's head is due
    before `soon`, and nothing is begun ahead while another guild waits for anything, so that nobody
    is slowed by what is not needed yet.

    A deadline takes a walk through a guild's queue to tell, so none is asked for that cannot
    matter: with no slot free and nothing ahead in flight, those of few guilds are.
    """
    free = slots - sum(turn.slots(slots) for turn in turns if turn.task is not None)
    guilds = _Guilds(turns)
    if free <= 0 and not guilds.going_ahead():
        return NOTHING
    guilds.ask()
    going = guilds.going_ahead()
    heads = guilds.heads()
    first = guilds.ranked(turn for turn in heads if turn.task is None)
    begin = _fitting(first, free, slots)
    if company_slows and any(turn.opening for turn in heads):
        return Decision(begin, [turn for turn in going if not turn.yielding])
    if company_slows and going:
        hurried = {turn.guild_id for turn in heads if guilds.due(turn) < soon}
        slowing = [turn for turn in going if not turn.yielding and hurried - {turn.guild_id}]
        if slowing:
            return Decision(begin, slowing)
    if len(begin) < len(first):
        return Decision(begin, _making_room(first[len(begin)], begin, going, free, slots))
    if company_slows and len(heads) > 1:
        return Decision(begin, ())
    free -= sum(turn.slots(slots) for turn in begin)
    more = _fitting(guilds.early(), free, slots)
    return Decision([*begin, *more], ())


NOTHING = Decision((), ())


class _Guilds:
    """All that is waited for, by guild, with the deadlines that were asked for."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._dues: dict[Turn, float] = {}
        self._wanted = [turn for turn in turns if turn.waited_for]
        self._guilds: dict[int, list[Turn]] = {}
        for turn in self._wanted:
            self._guilds.setdefault(turn.guild_id, []).append(turn)

    def ask(self) -> None:
        """Ask for the deadlines of all that waits, in the order in which it came.

        Of two that are due at once, the first then stays first, though the clock has moved on.
        """
        self._dues.clear()
        for turn in self._wanted:
            if turn.task is None or len(self._guilds[turn.guild_id]) > 1:
                self.due(turn)

    def due(self, turn: Turn) -> float:
        """Return when a turn is due, as it stood when it was first asked for."""
        due = self._dues.get(turn)
        if due is None:
            due = self._dues[turn] = turn.due()
        return due

    def ranked(self, turns: Iterable[Turn]) -> list[Turn]:
        """Return turns by when they are due, then by when they came."""
        return sorted(turns, key=lambda turn: (self.due(turn), turn.order))

    def heads(self) -> list[Turn]:
        """Return each guild's turn that is due first, in no order."""
        return [self._head(own) for own in self._guilds.values()]

    def going_ahead(self) -> list[Turn]:
        """Return what is in flight before its time, ranked."""
        going = []
        for own in self._guilds.values():
            if len(own) > 1 and any(turn.task is not None for turn in own):
                head = self._head(own)
                going += [turn for turn in own if turn.task is not None and turn is not head]
        return self.ranked(going)

    def early(self) -> list[Turn]:
        """Return what waits and is no head, ranked."""
        several = [own for own in self._guilds.values() if len(own) > 1]
        return self.ranked(
            turn
            for own in several
            for head in [self._head(own)]
            for turn in own
            if turn is not head and turn.task is None
        )

    def _head(self, own: list[Turn]) -> Turn:
        if len(own) == 1:
            return own[0]
        return min(own, key=lambda turn: (self.due(turn), turn.order))


def _fitting(ranked: Sequence[Turn], free: int, slots: int) -> list[Turn]:
    """Return the first turns that fit into `free` slots. None is passed by a smaller one."""
    fitting = []
    for turn in ranked:
        free -= turn.slots(slots)
        if free < 0:
            break
        fitting.append(turn)
    return fitting


def _making_room(
    head: Turn, begin: Sequence[Turn], going: Sequence[Turn], free: int, slots: int
) -> list[Turn]:
    """Return what gives its slot back so that `head` can begin: what is due last."""
    missing = head.slots(slots) + sum(turn.slots(slots) for turn in begin) - free
    missing -= sum(turn.slots(slots) for turn in going if turn.yielding)
    withdrawn = []
    for turn in reversed(going):
        if missing > 0 and not turn.yielding:
            withdrawn.append(turn)
            missing -= turn.slots(slots)
    return withdrawn


def rank_of(turn: Turn, turns: Sequence[Turn]) -> int:
    """Return how many sentences that are heard before `turn` in its guild are waited for."""
    place = turn.due(), turn.order
    own = (other for other in turns if other.guild_id == turn.guild_id and other.waited_for)
    return sum((other.due(), other.order) < place for other in own)
