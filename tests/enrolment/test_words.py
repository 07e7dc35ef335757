"""Measures in words that everybody knows, with the unit behind."""

from __future__ import annotations

import pytest

from bot.enrolment.words import background, beside_voice, loudness, pitch


@pytest.mark.parametrize(
    ("lufs", "text"),
    [
        (None, "not measurable"),
        (-50.0, "quiet (−50.0 LUFS)"),
        (-23.0, "usual for speech (−23.0 LUFS)"),
        (-9.9, "loud (−9.9 LUFS)"),
    ],
)
def test_loudness(lufs: float | None, text: str) -> None:
    assert loudness(lufs) == text


@pytest.mark.parametrize(
    ("snr_db", "text"),
    [
        (None, "not measurable"),
        (60.0, "hardly any (voice 60 dB above it)"),
        (25.2, "a little (voice 25 dB above it)"),
        (7.0, "much (voice 7 dB above it)"),
        (-3.0, "much (voice -3 dB above it)"),
    ],
)
def test_background(snr_db: float | None, text: str) -> None:
    assert background(snr_db) == text


@pytest.mark.parametrize(
    ("level_db", "text"),
    [
        (0.0, "at 100 % of its level (0 dB below it)"),
        (-6.0, "at 50 % of its level (6 dB below it)"),
        (-20.0, "at 10 % of its level (20 dB below it)"),
        (-60.0, "at less than 1 % of its level (60 dB below it)"),
        (6.0, "at 200 % of its level (6 dB above it)"),
    ],
)
def test_what_is_beside_the_voice(level_db: float, text: str) -> None:
    assert beside_voice(level_db) == text


@pytest.mark.parametrize(
    ("hz", "text"),
    [
        (None, "not measurable"),
        (95.4, "low (95 Hz)"),
        (165.0, "between low and high (165 Hz)"),
        (240.0, "high (240 Hz)"),
    ],
)
def test_pitch(hz: float | None, text: str) -> None:
    assert pitch(hz) == text
