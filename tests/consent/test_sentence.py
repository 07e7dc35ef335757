"""The sentence of consent, and where it ends for want of having heard its last word."""

from __future__ import annotations

import pytest

from bot.consent.sentence import Pause, expected_seconds, likely_end, sentence

TEXT = "I, Ann, agree that this bot may speak in my voice: potato, zebra, violin, river."
EXPECTED = expected_seconds(TEXT)


def test_the_words_come_last() -> None:
    assert sentence("Ann", ("potato", "zebra")).endswith(": potato, zebra.")


def test_a_sentence_takes_some_seconds_to_say() -> None:
    assert 3 < EXPECTED < 6


def test_a_character_of_japanese_takes_longer_than_a_letter() -> None:
    assert expected_seconds("声" * 30) > 1.9 * expected_seconds("a" * 30)


def test_it_ends_at_the_longest_pause_after_about_as_much_speech() -> None:
    pauses = [
        Pause(1.0, 3.0, 1.0),  # too early, however long
        Pause(EXPECTED + 1, EXPECTED + 1.2, EXPECTED - 0.5),
        Pause(EXPECTED + 2, EXPECTED + 2.9, EXPECTED),
        Pause(30.0, 35.0, 25.0),  # long after
    ]
    assert likely_end(TEXT, pauses, 40.0) == EXPECTED + 2


@pytest.mark.parametrize(
    ("pauses", "end"),
    [
        ([], EXPECTED),
        ([Pause(1.0, 2.0, 1.0)], 2.0 + EXPECTED - 1.0),
    ],
)
def test_without_a_pause_it_ends_after_as_much_speech(pauses: list[Pause], end: float) -> None:
    assert likely_end(TEXT, pauses, 40.0) == pytest.approx(end)


def test_it_ends_within_the_speech() -> None:
    assert likely_end(TEXT, [], 2.0) == 2.0


def test_a_name_does_not_turn_the_words_around() -> None:
    assert sentence("\u202eAnn\u2066", ("potato",)).isascii()
