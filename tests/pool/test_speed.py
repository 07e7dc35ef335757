from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pool.speed import SpeedMeter


def test_nothing_is_known_before_the_first_sentence() -> None:
    assert SpeedMeter().speed is None


def test_fixed_seconds_are_told_from_those_of_letters() -> None:
    meter = SpeedMeter()
    for letters in (20, 200, 80, 150, 40):
        meter.note(letters, 0.5 + letters * 0.01)
    assert meter.speed is not None
    assert (meter.speed.fixed, meter.speed.per_letter) == pytest.approx((0.5, 0.01))


def test_of_sentences_of_one_length_all_time_goes_with_the_length() -> None:
    meter = SpeedMeter()
    for _ in range(5):
        meter.note(100, 2.0)
    assert meter.speed is not None
    assert (meter.speed.fixed, meter.speed.per_letter) == pytest.approx((0.0, 0.02))


def test_the_past_fades() -> None:
    meter = SpeedMeter()
    for letters in (20, 200) * 10:
        meter.note(letters, letters * 0.01)
    for letters in (20, 200) * 100:
        meter.note(letters, letters * 0.03)
    assert meter.speed is not None
    assert meter.speed.per_letter == pytest.approx(0.03, rel=0.05)


def test_preparing_and_what_is_serial_are_averaged_where_they_happen() -> None:
    meter = SpeedMeter()
    meter.note(100, 1.0, preparing=2.0, serial=0.3)
    meter.note(100, 1.0)
    assert meter.speed is not None
    assert (meter.speed.preparing, meter.speed.serial) == (2.0, 0.3)


@given(
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 1000)), min_size=1, max_size=60),
)
def test_no_part_is_ever_negative(noted: list[tuple[int, float]]) -> None:
    meter = SpeedMeter()
    for letters, seconds in noted:
        meter.note(letters, seconds)
    assert meter.speed is not None
    assert meter.speed.fixed >= -1e-6
    assert meter.speed.per_letter >= 0
