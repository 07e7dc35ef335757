"""The order in which an engine takes the sentences of several bots: by servers, not by bots."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BusyError
from bot.pool.deadline_queue import ALL_SLOTS, DeadlineQueue, Entry, Turns
from bot.speech.turn_order import decide
from bot.speech.turns import Turn
from bot.speech.types import SynthesisRequest, VoiceSettings
from tests.speech.slot_engine import VOICE

entries = st.lists(
    st.builds(
        Entry,
        ticket=st.integers(),
        server=st.integers(0, 4),
        due=st.floats(-10, 10),
        rank=st.integers(0, 3),
        slots=st.integers(1, 4),
    ),
    unique_by=lambda entry: entry.ticket,
    max_size=20,
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def queue_of(*entries: Entry, most: int = 1024) -> DeadlineQueue:
    queue = DeadlineQueue(most)
    for entry in entries:
        queue.add(entry)
    return queue


def test_what_is_due_first_comes_first() -> None:
    queue = queue_of(Entry(1, 10, due=3.0), Entry(2, 20, due=1.0), Entry(3, 30, due=2.0))
    assert queue.turns(2).begin == (2, 3)


def test_a_servers_backlog_lets_another_server_pass() -> None:
    backlog = [Entry(number, 10, due=0.0, rank=number) for number in range(8)]
    queue = queue_of(*backlog, Entry(99, 20, due=5.0))
    assert queue.turns(2).begin == (0, 99)


def test_free_slots_go_to_what_is_ahead() -> None:
    queue = queue_of(*(Entry(number, 10, due=float(number)) for number in range(3)))
    assert queue.turns(4).begin == (0, 1, 2)


def test_what_is_ahead_gives_its_slot_back_to_another_servers_head() -> None:
    queue = queue_of(*(Entry(number, 10, due=float(number)) for number in range(3)))
    queue.turns(3)
    queue.add(Entry(99, 20, due=9.0))
    assert queue.turns(3) == Turns((), (2,))
    assert queue.turns(3) == Turns((99,), ())


def test_a_head_keeps_its_slot() -> None:
    queue = queue_of(Entry(1, 10, due=5.0))
    queue.turns(1)
    queue.add(Entry(2, 20, due=0.0))
    assert queue.turns(1) == Turns()


def test_what_takes_more_slots_than_there_are_takes_all() -> None:
    assert queue_of(Entry(1, 10, due=0.0, slots=8)).turns(4).begin == (1,)


def test_a_sentence_that_ends_frees_its_slots() -> None:
    queue = queue_of(Entry(1, 10, due=0.0), Entry(2, 20, due=1.0))
    queue.turns(1)
    assert queue.remove(1)
    assert not queue.remove(1)
    assert queue.turns(1).begin == (2,)


def test_it_is_bounded() -> None:
    queue = queue_of(Entry(1, 10, due=0.0), most=1)
    with pytest.raises(BusyError):
        queue.add(Entry(2, 10, due=0.0))


@given(entries, st.integers(1, 8))
def test_slots_are_never_taken_twice_and_all_is_begun_in_the_end(
    all_entries: list[Entry], slots: int
) -> None:
    queue = queue_of(*all_entries)
    under_way: set[int] = set()
    slots_of = {entry.ticket: min(entry.slots, slots) for entry in all_entries}
    for _ in range(3 * len(all_entries) + 1):
        turns = queue.turns(slots)
        under_way -= set(turns.give_back)
        assert under_way.isdisjoint(turns.begin)
        under_way |= set(turns.begin)
        assert sum(slots_of[ticket] for ticket in under_way) <= slots
        assert bool(under_way) == bool(len(queue))
        if under_way and not turns.give_back:
            queue.remove(under_way.pop())
    assert not len(queue)


@given(entries, st.integers(1, 8))
def test_it_decides_as_the_scheduler_does_about_the_same_sentences(
    loop: asyncio.AbstractEventLoop, all_entries: list[Entry], slots: int
) -> None:
    queue = queue_of(*all_entries)
    by_rank = sorted(all_entries, key=lambda entry: entry.rank)
    turns = {entry.ticket: turn_of(entry, order, loop) for order, entry in enumerate(by_rank)}
    tickets = {turn: ticket for ticket, turn in turns.items()}
    while turns:
        decision = decide(list(turns.values()), slots, company_slows=False)
        told = queue.turns(slots)
        assert told.begin == tuple(tickets[turn] for turn in decision.begin)
        assert told.give_back == tuple(tickets[turn] for turn in decision.withdraw)
        for turn in decision.begin:
            turn.task = mock.Mock()
        for turn in decision.withdraw:
            turn.task = None
        if not decision.withdraw:
            done = next(ticket for ticket, turn in turns.items() if turn.under_way)
            assert queue.remove(done)
            del turns[done]


def turn_of(entry: Entry, order: int, loop: asyncio.AbstractEventLoop) -> Turn:
    request = SynthesisRequest("text", VOICE, settings=VoiceSettings(takes=entry.slots))
    result = loop.create_future()
    return Turn(request, entry.server, lambda: entry.due, order, result=result)


def test_what_is_alone_waits_for_all_others_and_lets_none_begin_beside_it() -> None:
    queue = queue_of(Entry(1, 10, due=0.0), Entry(2, 20, due=1.0, slots=ALL_SLOTS))
    assert queue.turns(4) == Turns(begin=(1,))
    queue.add(Entry(3, 30, due=2.0))
    assert queue.turns(4) == Turns()
    queue.remove(1)
    assert queue.turns(4) == Turns(begin=(2,))
    assert queue.turns(4) == Turns()
    queue.remove(2)
    assert queue.turns(4) == Turns(begin=(3,))


def test_what_is_ahead_of_its_time_makes_room_for_what_is_alone() -> None:
    queue = queue_of(*(Entry(number, 10, due=float(number)) for number in range(3)))
    assert queue.turns(4).begin == (0, 1, 2)
    queue.add(Entry(9, 20, due=0.5, slots=ALL_SLOTS))
    assert set(queue.turns(4).give_back) == {1, 2}
    queue.remove(0)
    assert queue.turns(4).begin == (9,)
