"""Whose upload comes next."""

import asyncio

import pytest

from bot.enrolment.turns import MAX_ADMITTED, MAX_REMEMBERED, Turns
from bot.errors import BusyError


async def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError


async def waiting(turns: Turns, order: list[int], owner: int) -> asyncio.Task[None]:
    """Let an owner wait for a turn, in which it is written down."""

    async def take() -> None:
        async with turns.turn(owner):
            order.append(owner)

    count = len(turns._waiting)
    task = asyncio.create_task(take())
    await until(lambda: len(turns._waiting) == count + 1)
    return task


def test_a_member_has_one_enrolment_in_work() -> None:
    turns = Turns()
    with turns.admit(1):
        with pytest.raises(BusyError, match="your last recording"), turns.admit(1):
            pass
        with turns.admit(2):
            pass
    with turns.admit(1):
        pass


def test_no_more_are_admitted_than_fit_in_memory() -> None:
    turns = Turns()
    places = [turns.admit(owner) for owner in range(MAX_ADMITTED)]
    for place in places:
        place.__enter__()
    with pytest.raises(BusyError, match="Many people"), turns.admit(99):
        pass
    places[0].__exit__(None, None, None)
    with turns.admit(99):
        pass


async def test_whoever_has_used_less_goes_past_whoever_has_used_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 0.0
    monkeypatch.setattr("bot.enrolment.turns.time.monotonic", lambda: clock)
    turns, order = Turns(), []
    async with turns.turn(1):
        clock = 60.0
    async with turns.turn(2):
        tasks = [await waiting(turns, order, owner) for owner in (1, 3, 4)]
        clock = 61.0
    await asyncio.gather(*tasks)
    assert order == [3, 4, 1]


async def test_what_was_used_is_forgiven_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr("bot.enrolment.turns.time.monotonic", lambda: clock)
    turns, order = Turns(), []
    async with turns.turn(1):
        clock = 60.0
    clock = 3000.0
    async with turns.turn(2):
        clock = 3010.0
    async with turns.turn(3):
        tasks = [await waiting(turns, order, owner) for owner in (2, 1)]
    await asyncio.gather(*tasks)
    assert order == [1, 2]


async def test_one_who_gives_up_leaves_the_queue_and_keeps_nobody_back() -> None:
    turns, order = Turns(), []
    async with turns.turn(1):
        quitter = await waiting(turns, order, 2)
        patient = await waiting(turns, order, 3)
        quitter.cancel()
        await until(quitter.done)
    await patient
    assert order == [3]


async def test_one_who_is_cancelled_at_the_very_turn_passes_it_on() -> None:
    turns, order = Turns(), []
    async with turns.turn(1):
        chosen = await waiting(turns, order, 2)
        following = await waiting(turns, order, 3)
    chosen.cancel()  # the turn was passed on to it, and it has not begun
    await following
    assert order == [3]
    async with turns.turn(4):
        pass


async def test_a_turn_that_fails_passes_on() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"):
        async with turns.turn(1):
            raise ValueError("no")
    async with turns.turn(2):
        pass


async def test_no_more_owners_are_remembered_than_needed() -> None:
    turns = Turns()
    for owner in range(MAX_REMEMBERED + 10):
        async with turns.turn(owner):
            pass
    assert len(turns._used) == MAX_REMEMBERED


async def test_a_turn_that_ends_as_the_next_one_gives_up_goes_on_to_others() -> None:
    turns = Turns()
    entered = asyncio.Event()

    async def take(owner: int) -> None:
        async with turns.turn(owner):
            entered.set()

    async with turns.turn(1):
        given_up = asyncio.create_task(take(2))
        await asyncio.sleep(0)
        given_up.cancel()  # it has not noticed when the turn ends
    await asyncio.wait([given_up])
    await asyncio.wait_for(take(3), 5)
    assert entered.is_set()
