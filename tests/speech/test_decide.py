"""Which sentences are begun and which make room, for any that are waited for."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.doubles import sorting_turns
from bot.speech.turn_order import Decision, decide
from bot.speech.turns import Turn
from bot.speech.types import SynthesisRequest, VoiceSettings
from tests.speech.slot_engine import VOICE


@dataclasses.dataclass(frozen=True)
class Asked:
    """guild; due; takes; whether it is in flight, and told to make room."""

    guild: int
    due: float
    takes: int
    in_flight: bool
    yielding: bool


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def turns_of(asked: Sequence[Asked], slots: int, loop: asyncio.AbstractEventLoop) -> list[Turn]:
    """Return the turns; no more are in flight than there are slots."""
    turns, taken = [], 0
    for order, one in enumerate(asked):
        wanted = SynthesisRequest("text", VOICE, settings=VoiceSettings(takes=one.takes))
        turn = Turn(wanted, one.guild, lambda one=one: one.due, order, result=loop.create_future())
        if one.in_flight and taken + turn.slots(slots) <= slots:
            taken += turn.slots(slots)
            turn.task, turn.yielding = mock.Mock(), one.yielding
        turns.append(turn)
    return turns


def heads_of(turns: Sequence[Turn]) -> list[Turn]:
    heads: dict[int, Turn] = {}
    for turn in sorted(turns, key=lambda turn: (turn.due(), turn.order)):
        heads.setdefault(turn.guild_id, turn)
    return list(heads.values())


ASKED = st.builds(
    Asked,
    st.integers(1, 4),
    st.floats(0, 30),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
)


def check(turns: Sequence[Turn], slots: int, decision: Decision) -> None:
    heads = heads_of(turns)
    waiting_heads = [turn for turn in heads if turn.task is None]
    begun_heads = [turn for turn in decision.begin if turn in heads]
    free = slots - sum(turn.slots(slots) for turn in turns if turn.task is not None)
    # What is due first goes first, and none is passed by a later one.
    assert begun_heads == waiting_heads[: len(begun_heads)]
    assert sum(turn.slots(slots) for turn in decision.begin) <= max(0, free)
    if len(begun_heads) < len(waiting_heads):
        assert len(decision.begin) == len(begun_heads)
    assert all(turn.task is None for turn in decision.begin)
    # A head that is being made is never given up; nothing is told twice to make room.
    assert all(turn.task is not None and not turn.yielding for turn in decision.withdraw)
    assert not set(map(id, decision.withdraw)) & set(map(id, heads))


@settings(deadline=None)
@given(st.lists(ASKED, max_size=12), st.integers(1, 6), st.booleans())
def test_what_is_due_first_goes_first_and_only_what_is_ahead_makes_room(
    loop: asyncio.AbstractEventLoop, asked: list[Asked], slots: int, slows: bool
) -> None:
    turns = turns_of(asked, slots, loop)
    decision = decide(turns, slots, company_slows=slows)
    check(turns, slots, decision)


@settings(deadline=None)
@given(st.lists(ASKED, max_size=12), st.integers(1, 6), st.booleans(), st.floats(-1, 31))
def test_it_is_decided_as_by_sorting_all_that_is_waited_for(
    loop: asyncio.AbstractEventLoop, asked: list[Asked], slots: int, slows: bool, soon: float
) -> None:
    turns = turns_of(asked, slots, loop)
    clock = itertools.count()
    for number, (turn, one) in enumerate(zip(turns, asked, strict=True)):
        turn.opening = number % 3 == 0
        if one.due < 10:  # silent already: due now, and the clock moves on meanwhile
            turn.due = lambda: 1e-9 * next(clock)
    quick = decide(turns, slots, company_slows=slows, soon=soon)
    model = sorting_turns.decide(turns, slots, company_slows=slows, soon=soon)
    assert list(quick.begin) == list(model.begin)
    assert list(quick.withdraw) == list(model.withdraw)


def test_no_deadline_is_asked_for_while_all_slots_are_taken_by_what_is_heard_first(
    loop: asyncio.AbstractEventLoop,
) -> None:
    asked: list[int] = []
    turns = [turn(loop, guild, 0, going=guild < 4) for guild in range(50)]
    for number, each in enumerate(turns):
        each.due = lambda number=number: asked.append(number) or 0.0  # type: ignore[misc,func-returns-value]
    decision = decide(turns, 4, company_slows=False)
    assert (decision.begin, decision.withdraw, asked) == ((), (), [])


@settings(deadline=None)
@given(st.lists(ASKED, min_size=1, max_size=12), st.integers(1, 6))
def test_a_head_gets_room_as_soon_as_what_is_ahead_has_left(
    loop: asyncio.AbstractEventLoop, asked: list[Asked], slots: int
) -> None:
    turns = turns_of(asked, slots, loop)
    for turn in (*decide(turns, slots, company_slows=False).withdraw, *turns):
        if turn.task is not None and (turn.yielding or turn not in heads_of(turns)):
            turn.task, turn.yielding = None, False
    heads = heads_of(turns)
    taken = sum(turn.slots(slots) for turn in heads if turn.task is not None)
    first = next((turn for turn in heads if turn.task is None), None)
    begun = decide(turns, slots, company_slows=False).begin
    if first is not None and taken + first.slots(slots) <= slots:
        assert begun[0] is first


@settings(deadline=None)
@given(st.lists(ASKED, max_size=12), st.integers(1, 6))
def test_no_more_makes_room_than_has_to(
    loop: asyncio.AbstractEventLoop, asked: list[Asked], slots: int
) -> None:
    turns = turns_of(asked, slots, loop)
    withdrawn = decide(turns, slots, company_slows=False).withdraw
    if withdrawn:
        heads = heads_of(turns)
        waiting = [turn for turn in heads if turn.task is None]
        free = slots - sum(turn.slots(slots) for turn in turns if turn.task is not None)
        free += sum(t.slots(slots) for t in turns if t.yielding and t not in heads)
        wanted = 0
        for turn in waiting:  # up to the first that does not fit now
            wanted += turn.slots(slots)
        without_one = sum(turn.slots(slots) for turn in withdrawn[:-1])
        assert free + without_one < wanted
        assert all(
            turn.due() <= withdrawn[-1].due()
            for turn in turns
            if turn.task is not None
            and turn not in heads
            and turn not in (*withdrawn,)
            and not turn.yielding
        )


def turn(loop: asyncio.AbstractEventLoop, guild: int, due: float, *, going: bool = False) -> Turn:
    wanted = SynthesisRequest("text", VOICE)
    made = Turn(wanted, guild, lambda: due, round(due), result=loop.create_future())
    made.task = mock.Mock() if going else None
    return made


def test_who_runs_out_of_audio_soon_is_not_slowed_by_what_is_ahead_of_its_time(
    loop: asyncio.AbstractEventLoop,
) -> None:
    speaking, ahead = turn(loop, 1, 8, going=True), turn(loop, 1, 20, going=True)
    hurried = turn(loop, 2, 3)
    turns = [speaking, ahead, hurried]
    decision = decide(turns, 4, company_slows=True, soon=5.0)
    assert (decision.begin, decision.withdraw) == ([hurried], [ahead])
    begun = decide(turns, 4, company_slows=True, soon=2.0)  # it is made in time anyway
    assert (begun.begin, begun.withdraw) == ([hurried], ())
    assert not decide(turns, 4, company_slows=False, soon=5.0).withdraw


def test_nobody_makes_room_for_a_sentence_of_the_own_guild(
    loop: asyncio.AbstractEventLoop,
) -> None:
    turns = [turn(loop, 1, 3, going=True), turn(loop, 1, 20, going=True)]
    assert not decide(turns, 4, company_slows=True, soon=50.0).withdraw
