from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.pool.placement import (
    Cost,
    Facts,
    Speed,
    Work,
    choose,
    expected_seconds,
    waiting_seconds,
)

SECONDS = st.floats(0, 100)
SPEEDS = st.builds(Speed, SECONDS, st.floats(0, 1), SECONDS, st.floats(0, 1))
WORK = st.lists(st.builds(Work, SECONDS, st.integers(1, 4)), max_size=12)
COSTS = st.builds(Cost, st.integers(1, 300), st.sampled_from("abc"), st.integers(1, 4))
ENGINES = st.lists(
    st.builds(
        Facts,
        name=st.just(""),
        slots=st.integers(1, 8),
        work=WORK,
        speed=st.none() | SPEEDS,
        prepared=st.frozensets(st.sampled_from("abc")),
        fit=st.booleans(),
        company_slows=st.booleans(),
    ),
    max_size=6,
).map(lambda engines: [replace(each, name=f"{n}") for n, each in enumerate(engines)])

QUICK, SLOW = Speed(0.1, 0.01), Speed(0.2, 0.02)
SENTENCE = Cost(100, "a")


@given(ENGINES, COSTS)
def test_it_is_fit_and_no_other_would_be_done_earlier(engines: list[Facts], cost: Cost) -> None:
    chosen = choose(engines, cost)
    fit = [engine for engine in engines if engine.fit]
    assert (chosen is None) == (not fit)
    if chosen is not None and all(engine.speed for engine in fit):
        assert chosen in fit
        earliest = min(expected_seconds(engine, cost) for engine in fit)
        assert expected_seconds(chosen, cost) == earliest


@given(ENGINES.filter(bool), COSTS, st.builds(Work, SECONDS, st.integers(1, 4)))
def test_more_work_never_makes_an_engine_quicker(
    engines: list[Facts], cost: Cost, more: Work
) -> None:
    engine = engines[0]
    busier = replace(engine, work=[*engine.work, more])
    assert expected_seconds(busier, cost) >= expected_seconds(engine, cost)


@given(WORK, st.integers(1, 8), st.integers(1, 4))
def test_nobody_waits_longer_than_for_all_that_is_there(
    work: list[Work], slots: int, wanted: int
) -> None:
    waits = waiting_seconds(Facts("", slots, work), wanted)
    assert 0 <= waits <= max((each.seconds for each in work), default=0.0)
    if sum(each.slots for each in work) + min(wanted, slots) <= slots:
        assert waits == 0


def test_a_sentence_waits_for_as_many_to_end_as_it_needs_slots() -> None:
    engine = Facts("", 2, [Work(3.0), Work(1.0), Work(5.0)])
    assert waiting_seconds(engine) == 3.0
    assert waiting_seconds(engine, 2) == 5.0


def test_of_equals_the_one_with_more_free_slots_is_taken() -> None:
    busy = Facts("busy", 4, [Work(1.0)], QUICK)
    assert choose([busy, Facts("free", 4, (), QUICK)], SENTENCE) == Facts("free", 4, (), QUICK)


def test_a_quicker_engine_is_worth_waiting_for_until_it_is_not() -> None:
    slow = Facts("slow", 1, (), SLOW)
    soon = Facts("quick", 1, [Work(1.0)], QUICK)
    assert choose([slow, soon], SENTENCE) is soon
    assert choose([slow, replace(soon, work=[Work(1.2)])], SENTENCE) is slow


def test_a_voice_is_prepared_elsewhere_only_when_that_is_quicker() -> None:
    speed = replace(QUICK, preparing=2.0)
    knows = Facts("knows", 1, [Work(1.0)], speed, frozenset("a"))
    other = Facts("other", 1, (), speed)
    assert choose([other, knows], SENTENCE) is knows
    assert choose([other, replace(knows, work=[Work(3.0)])], SENTENCE) is other


def test_one_that_was_not_measured_is_tried() -> None:
    known = Facts("known", 1, [Work(0.5)], QUICK)
    new = Facts("new", 1)
    assert choose([known, new], SENTENCE) is new


def test_company_delays_where_the_processor_is_shared() -> None:
    shared = Facts("cpu", 4, [Work(1.0)], QUICK, company_slows=True)
    assert expected_seconds(shared, SENTENCE) == 2 * expected_seconds(
        replace(shared, work=()), SENTENCE
    )


def test_what_is_done_one_at_a_time_delays_in_company() -> None:
    engine = Facts("gpu", 4, [Work(1.0)], Speed(1.0, 0.0, serial=0.5))
    assert expected_seconds(engine, SENTENCE) == 1.0 + 0.5
