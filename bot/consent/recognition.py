"""Whether the four words of a challenge were said, in order. Runs in the media worker."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
import numpy.typing as npt

from bot.consent.challenge import Challenge

Samples = npt.NDArray[np.float32]
Outcome = Literal["passed", "failed", "not checked"]

LANGUAGE = "en"
"""The only language whose words are checked: the one of pocketsphinx's model."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the list that was heard. start, end: in seconds of the recording.

    score: how well the word fits what was said, from 0 (not at all) to 1.
    """

    word: str
    start: float
    end: float
    score: float


@dataclass(frozen=True, slots=True)
class WordCheck:
    """What became of a challenge.

    outcome: "not checked" where there is no recogniser, or none for the language.
    heard: the four words' places, as far as they were found; matched: how many were as asked.
    end_seconds: where the last word ends, so that speech after it can be told apart; None where
        that is not known.
    """

    outcome: Outcome
    heard: tuple[HeardWord, ...] = ()
    matched: int = 0
    end_seconds: float | None = None


def can_check(language: str | None) -> bool:
    """Whether words in a language, by its code such as "en" or "en-GB", can be checked here.

    None is English, as for a voice without a language.
    """
    return (language or LANGUAGE).partition("-")[0].lower() == LANGUAGE and installed()


def installed() -> bool:
    """Whether the extra `consent` is installed."""
    return find_spec("pocketsphinx") is not None


def check_words(
    samples: Samples, rate: int, challenge: Challenge, language: str | None
) -> WordCheck:
    """Look for the challenge's words in a recording.

    samples: float32, shape (n,), mono, at `rate` Hz: all that was recorded, the consent sentence
    and what came after. language: of the sentence and the words; see `can_check`.
    """
    return WordCheck("not checked")
