"""Challenges: unforeseeable, in time, able to travel."""

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pocketsphinx
import pytest

from bot.consent.challenge import COUNT, VALID_FOR, WORDS, Challenge, draw

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_four_different_words_are_drawn_from_the_list() -> None:
    for _ in range(50):
        words = draw().words
        assert len(set(words)) == COUNT == 4
        assert set(words) <= set(WORDS)


def test_draws_differ() -> None:
    assert len({draw().words for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("after", "expired"),
    [
        (timedelta(0), False),
        (VALID_FOR - timedelta(seconds=1), False),
        (VALID_FOR, True),
        (timedelta(seconds=-1), True),
    ],
    ids=str,
)
def test_a_challenge_holds_for_a_while(after: timedelta, expired: bool) -> None:
    challenge = draw()
    assert challenge.expired(challenge.drawn + after.total_seconds()) is expired


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_was_set_makes_no_challenge_too_old(hours: int) -> None:
    assert not draw(datetime.now(UTC) + timedelta(hours=hours)).expired()


def test_a_challenge_travels_to_a_worker() -> None:
    challenge = draw()
    assert pickle.loads(pickle.dumps(challenge)) == challenge


def test_the_words_are_shown_in_order() -> None:
    assert str(Challenge(("piano", "zebra", "hotel", "river"), NOW)) == "piano, zebra, hotel, river"


def test_the_recogniser_knows_all_64_words() -> None:
    [dictionary] = Path(pocketsphinx.get_model_path()).rglob("cmudict-en-us.dict")
    known = {line.split(maxsplit=1)[0] for line in dictionary.read_text("utf-8").splitlines()}
    assert len(set(WORDS)) == 64
    assert set(WORDS) <= known
