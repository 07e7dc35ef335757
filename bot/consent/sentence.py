"""The sentence of consent: what is shown to be said, and where in a recording it may end."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.i18n import _
from bot.markup import isolated, one_line

LETTERS_PER_SECOND = 14.0
"""Of somebody who reads aloud, in an alphabet; a character of Chinese or Japanese counts twice."""

EARLIEST, LATEST = 0.7, 1.8
"""The sentence ends after this share of the speech that it should take: people differ."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence between two stretches of speech, and how much speech came before it; all in s."""

    begin: float
    end: float
    speech_before: float


def sentence(name: str, words: Sequence[str]) -> str:
    """Return what a member says, in the current language: who agrees to what, the words last."""
    return _("I, {name}, agree that this bot may speak in my voice: {words}.").format(
        name=isolated(one_line(name)), words=", ".join(words)
    )


def expected_seconds(text: str) -> float:
    """Return about how long it takes to say a text."""
    letters = sum(_weight(character) for character in text if character.isalnum())
    return max(1.0, letters / LETTERS_PER_SECOND)


def likely_end(text: str, pauses: Sequence[Pause], total: float) -> float:
    """Return where a sentence probably ended, in s, for want of having heard its last word.

    pauses: of the recording, in order. total: where its last speech ends. It is the longest pause
    after about as much speech as the sentence takes; without one, as much speech further on.
    """
    expected = expected_seconds(text)
    near = [p for p in pauses if EARLIEST <= p.speech_before / expected <= LATEST]
    if near:
        return max(near, key=lambda pause: pause.end - pause.begin).begin
    spoken = [p for p in pauses if p.speech_before < EARLIEST * expected]
    resumed, heard = (spoken[-1].end, spoken[-1].speech_before) if spoken else (0.0, 0.0)
    return min(total, resumed + expected - heard)


def _weight(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
