"""Four words: heard where they were said, missed where they were not. `make bench ARGS=words` asks
the same of many recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from bot.consent import hearing, recognition
from bot.consent.challenge import WORDS, Challenge
from bot.consent.hearing import HeardWord
from bot.consent.recognition import (
    Samples,
    WordCheck,
    _holds_more,
    _is_complete,
    _is_even,
    _is_in_order,
    _likeliest,
    check_words,
)
from tests.consent.spoken import RATE, Manner, consent, silence

ASKED = ("guitar", "hotel", "piano", "volcano")
PAUSE = 0.3


@pytest.fixture(scope="module")
def speech() -> Samples:
    return consent(ASKED, Manner(pause=". ", opus=True), 1, talk=False)


@pytest.fixture(scope="module")
def answered(speech: Samples) -> WordCheck:
    return check(speech)


@pytest.fixture(autouse=True)
def one_warp(answered: WordCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listen once, not thrice, to be quick; `answered` has listened in every way."""
    monkeypatch.setattr(recognition, "WARPS", hearing.WARPS[1:2])


def check(samples: Samples, words: Sequence[str] = ASKED, language: str | None = "en") -> WordCheck:
    challenge = Challenge(tuple(words), datetime(2026, 1, 1, tzinfo=UTC))
    return check_words(samples, RATE, challenge, language)


def without(speech: Samples, answered: WordCheck, place: int) -> Samples:
    """The recording with one word cut out."""
    word = answered.heard[place]
    gap = silence(PAUSE)
    parts = [speech[: round(word.start * RATE)], gap, speech[round(word.end * RATE) :]]
    return np.concatenate(parts)


def test_words_that_were_said_are_heard_in_order(answered: WordCheck) -> None:
    assert answered.outcome == "passed"
    assert answered.matched == 4
    assert tuple(heard.word for heard in answered.heard) == ASKED


def test_words_have_their_times(speech: Samples, answered: WordCheck) -> None:
    starts, ends = [h.start for h in answered.heard], [h.end for h in answered.heard]
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0.2 < end - start < 1.5 for start, end in zip(starts, ends, strict=True))
    assert answered.end_seconds == ends[-1]
    # Nothing comes after them but a pause of at most 1 s.
    assert len(speech) / RATE - 1.1 < ends[-1] <= len(speech) / RATE


def test_words_in_another_order_are_refused(speech: Samples) -> None:
    assert check(speech, ("guitar", "hotel", "volcano", "piano")).outcome == "failed"


def test_other_words_are_refused(speech: Samples) -> None:
    assert check(speech, ("guitar", "monkey", "piano", "coffee")).outcome == "failed"


def test_three_of_four_are_enough(speech: Samples) -> None:
    answered = check(speech, ("guitar", "hotel", "monkey", "volcano"))
    assert answered.outcome == "passed"
    assert answered.matched == 3


@pytest.mark.parametrize("place", [1, 3])
def test_a_word_left_out_is_no_word_misheard(
    speech: Samples, answered: WordCheck, place: int
) -> None:
    assert check(without(speech, answered, place)).outcome == "failed"


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_silence_is_refused(seconds: float) -> None:
    assert check(silence(seconds)) == WordCheck("failed")


@pytest.mark.parametrize("language", ["de", "ja", "es-MX", "fr"])
def test_words_in_other_languages_are_not_checked(language: str) -> None:
    assert check(silence(1), language=language) == WordCheck("not checked")


@pytest.mark.parametrize("language", ["en", "en-GB", "en-US", None])
def test_words_in_english_are_checked(language: str | None) -> None:
    assert recognition.can_check(language)


def test_without_the_extra_words_are_not_checked(
    speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "find_spec", lambda _name: None)
    assert check(speech) == WordCheck("not checked")


def test_the_keywords_are_the_list() -> None:
    lines = hearing._KEYWORDS.read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in lines] == list(WORDS)


def spread(*heard: tuple[str, float, float]) -> list[HeardWord]:
    """Words of half a second that start and score as told."""
    return [HeardWord(word, start, start + 0.5, score) for word, start, score in heard]


def test_no_word_lies_between_two_that_follow_each_other_at_once() -> None:
    """As in a recording in which the second word was left out, and the first read as two."""
    cucumber, avocado = (
        HeardWord("cucumber", 4.22, 4.66, 0.94),
        HeardWord("avocado", 4.71, 5.2, 0.9),
    )
    breakfast = HeardWord("breakfast", 5.23, 5.87, 0.9)
    read = [HeardWord("hamburger", 4.47, 4.85, 1.0), avocado, breakfast]
    slots = (cucumber, None, avocado, breakfast)
    assert not _is_complete(slots, [True, False, True, True], [], read)


@pytest.mark.parametrize(
    ("third", "complete"),
    [(1.8, False), (2.4, True), (4.5, False)],
    ids=["a pause like the others'", "a word and two pauses", "other speech"],
)
def test_a_misheard_word_needs_room_and_two_pauses(third: float, complete: bool) -> None:
    first, second, fourth = spread(
        ("forest", 0.0, 0.9), ("hotel", 0.8, 0.9), ("station", third, 0.9)
    )
    misheard = HeardWord("robot", 1.4, third - 0.1, 0.9)
    slots = (first, second, None, fourth)
    recognised = [True, True, False, True]
    assert _is_complete(slots, recognised, [], [first, second, misheard, fourth]) is complete


@pytest.mark.parametrize(("other", "complete"), [(0.83, True), (0.86, True), (0.9, False)])
def test_an_unclear_last_word_counts_unless_another_is_clearer(
    other: float, complete: bool
) -> None:
    said = spread(("forest", 0, 0.9), ("hotel", 1, 0.9), ("piano", 2, 0.9), ("station", 3, 0.84))
    spotted = [*said, HeardWord("october", 3.0, 3.5, other)]
    assert _is_complete(tuple(said), [True, True, True, False], spotted, []) is complete


@pytest.mark.parametrize(("start", "even"), [(3.6, True), (4.3, False)])
def test_a_last_word_long_after_the_others_is_other_speech(start: float, even: bool) -> None:
    said = spread(("forest", 0, 0.9), ("hotel", 1, 0.9), ("piano", 2, 0.9), ("station", 3, 0.9))
    last = HeardWord("station", start - 0.3, start + 0.2, 0.9)
    assert _is_even((*said[:3], last)) is even
    assert _is_even(tuple(said))


@pytest.mark.parametrize(
    ("start", "score", "in_order"), [(4.0, 0.95, False), (4.0, 0.87, True), (7.0, 0.95, True)]
)
def test_a_word_that_is_clearer_beside_its_place_stands_in_another_order(
    start: float, score: float, in_order: bool
) -> None:
    asked = ("forest", "hotel", "piano", "station")
    said = spread(("forest", 0, 0.9), ("hotel", 1, 0.88), ("piano", 2, 0.9), ("station", 3, 0.9))
    elsewhere = spread(("hotel", start, score))
    assert _is_in_order(asked, tuple(said), [*said, *elsewhere]) is in_order


@pytest.mark.parametrize(
    ("start", "end", "more"), [(1.6, 1.9, True), (1.6, 1.7, False), (2.0, 2.4, False)]
)
def test_a_word_between_two_that_follow_each_other_is_noticed(
    start: float, end: float, more: bool
) -> None:
    said = tuple(
        spread(("forest", 0, 0.9), ("hotel", 1, 0.9), ("piano", 2, 0.9), ("robot", 3, 0.9))
    )
    assert _holds_more(tuple(said), [*said, HeardWord("camera", start, end, 0.9)]) is more


def test_a_word_of_the_list_that_is_said_long_after_is_none_of_the_four() -> None:
    asked = ("forest", "photograph", "yesterday", "station")
    spotted = [HeardWord(w, at, at + 0.5, 0.9) for w, at in zip(asked, (4, 5, 6, 8.3), strict=True)]
    slots = _likeliest(asked, spotted)
    assert slots is not None
    assert slots[3] is None
