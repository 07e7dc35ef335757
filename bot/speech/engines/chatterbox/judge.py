"""Whether speech went wrong, told from its tokens and samples without understanding it.

The model sometimes babbles, stops half-way, repeats itself or ends in noise. None of this is
certain to be heard here, so bounds are wide: a good sentence must not be spoken twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox.noise import FRAME_SECONDS, is_noise, voiced
from bot.speech.engines.chatterbox.prompts import MAX_SPEECH_TOKENS
from bot.speech.engines.chatterbox.voices import TOKENS_PER_SECOND
from bot.text.words import base_language


@dataclass(frozen=True, slots=True)
class Pace:
    """Bounds of the seconds that a character takes to say."""

    quickest: float
    slowest: float


_ALPHABET = Pace(0.025, 0.2)
# A character is a syllable or a word.
_SYLLABLES = Pace(0.06, 0.6)
# Vowels are not written.
_CONSONANTS = Pace(0.03, 0.3)

_PACES = {
    "zh": _SYLLABLES,
    "ja": _SYLLABLES,
    "ko": _SYLLABLES,
    "ar": _CONSONANTS,
    "he": _CONSONANTS,
}

# One digit is about one word when spoken.
_DIGIT_CHARACTERS = 5
SILENT = "silent"
"""The fault of an attempt that cannot be heard at all."""

_SHORTEST_SECONDS = 0.24  # of anything that is said; "Hi!" takes half a second
_PAUSES_SECONDS = 2.0  # around and within any sentence
_PACE_STEP = math.log(1.25)

_LONGEST_PERIOD = 25  # tokens; a second
_LOOP_TOKENS = 40  # a pause or a long vowel stays below

_SILENT_DBFS = -60.0
_QUIET_DB = -40.0  # below the loudest frame: nothing is being said
_MOST_SILENCE = 0.7
_SHORT_SECONDS = 1.5  # shorter speech may well be half silence

_LONGEST_PAUSE_SECONDS = 2.5

_GAP_SECONDS = 0.4  # what parts a noisy tail from the last word
_NOISE_SECONDS = 0.5  # without a gap; no sound of speech without a pitch is half as long
_HISS_SECONDS = 0.25  # with which the last word may end
_ABOVE_NOISE_DB = 6.0  # what is louder is speech, be it hoarse
_LEAST_VOICED = 0.3  # of what is spoken, unless it is whispered
_KEPT_SECONDS = 0.12
_FADE_SECONDS = 0.02

_SHORT_WORDS = 2
# Chinese and Japanese put no spaces between words; two characters are about one.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CHARACTERS_OF_A_WORD = 2
STEADY_TEMPERATURE = 0.6
"""For texts of one or two words, which give the model little to hold on to."""


def expected_seconds(text: str, language: str | None) -> tuple[float, float]:
    """Return how long saying `text` takes at least and at most, in seconds."""
    pace = _PACES.get(base_language(language), _ALPHABET)
    said = len(re.sub(r"\W", "", text))
    characters = said + (_DIGIT_CHARACTERS - 1) * sum(map(str.isdigit, text))
    shortest = max(_SHORTEST_SECONDS, pace.quickest * characters)
    return shortest, pace.slowest * characters + _PAUSES_SECONDS


def oddness(tokens: Sequence[int], text: str, language: str | None) -> float:
    """Return how far the pace of speech is from the usual, in coarse steps; 0 is as usual.

    Usual is half-way between the bounds. Takes that differ by less are as good as each other.
    """
    shortest, longest = expected_seconds(text, language)
    usual = math.sqrt(shortest * (longest - _PAUSES_SECONDS))
    seconds = max(1, len(tokens)) / TOKENS_PER_SECOND
    return abs(round(math.log(seconds / usual) / _PACE_STEP)) * _PACE_STEP


def token_limit(text: str, language: str | None, most_seconds: float | None = None) -> int:
    """Return after how many speech tokens something has gone wrong for sure.

    most_seconds: of what the model speaks well.
    """
    _, longest = expected_seconds(text, language)
    tokens = min(MAX_SPEECH_TOKENS, math.ceil(1.25 * longest * TOKENS_PER_SECOND))
    return tokens if most_seconds is None else min(tokens, int(most_seconds * TOKENS_PER_SECOND))


def is_short(text: str) -> bool:
    """Whether `text` has one or two words; in Chinese and Japanese, up to four characters."""
    unspaced, rest = _UNSPACED.findall(text), _UNSPACED.sub(" ", text)
    words = sum(any(map(str.isalnum, word)) for word in rest.split())
    return words + math.ceil(len(unspaced) / _CHARACTERS_OF_A_WORD) <= _SHORT_WORDS


def token_faults(
    tokens: Sequence[int], *, stopped: bool, text: str, language: str | None
) -> tuple[str, ...]:
    """Return what is wrong with the speech tokens of `text`; nothing for good ones.

    stopped: whether the stop token came before the limit.
    """
    faults = [] if stopped else ["no end"]
    seconds = len(tokens) / TOKENS_PER_SECOND
    shortest, longest = expected_seconds(text, language)
    if seconds < shortest:
        faults.append("too short")
    if seconds > longest:
        faults.append("too long")
    if loops(tokens):
        faults.append("a loop")
    return tuple(faults)


def loops(tokens: Sequence[int]) -> bool:
    """Whether the same tokens, or the same few in turn, come for over a second and a half."""
    values = np.asarray(tokens)
    return any(
        _longest_run(values[period:] == values[:-period]) + period >= max(_LOOP_TOKENS, 3 * period)
        for period in range(1, min(_LONGEST_PERIOD, len(values) - 1) + 1)
    )


def wave_faults(samples: Samples, rate: int) -> tuple[str, ...]:
    """Return what is wrong with samples (float32, shape (n,), `rate` Hz); nothing for good ones."""
    levels = _levels(samples, rate)
    if not np.isfinite(samples).all() or levels.max(initial=-np.inf) < _SILENT_DBFS:
        return (SILENT,)
    quiet = levels < levels.max() + _QUIET_DB
    if len(samples) / rate > _SHORT_SECONDS and quiet.mean() > _MOST_SILENCE:
        return ("mostly silence",)
    # At the end it is trimmed.
    if _longest_run(np.trim_zeros(~quiet, "b") == 0) * FRAME_SECONDS > _LONGEST_PAUSE_SECONDS:
        return ("a long silence",)
    return ()


def trim_tail(samples: Samples, rate: int) -> Samples:
    """Cut what comes after the last word: silence, noise behind a gap, or half a second of noise.

    A tenth of a second stays, and its end is faded out; without a tail nothing changes.
    """
    levels = _levels(samples, rate)
    if not (levels >= levels.max(initial=-np.inf) + _QUIET_DB).any():
        return samples
    last = _end_of_speech(samples, levels, rate)
    end = round((last + 1) * FRAME_SECONDS * rate) + round(_KEPT_SECONDS * rate)
    if end >= len(samples):
        return samples
    kept = samples[:end].copy()
    fade = round(_FADE_SECONDS * rate)
    kept[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return kept


def _end_of_speech(samples: Samples, levels: npt.NDArray[np.float64], rate: int) -> int:
    """The last frame of speech, where noise at the end is none."""
    said = np.flatnonzero(levels >= levels.max() + _QUIET_DB)
    last = int(said[-1])
    gaps = np.flatnonzero(np.diff(said) > _GAP_SECONDS / FRAME_SECONDS)
    if len(gaps) and is_noise(samples, rate, int(said[gaps[-1] + 1]), last + 1):
        return int(said[gaps[-1]])
    tail = last + 1 - round(_NOISE_SECONDS / FRAME_SECONDS)
    if tail > 0 and is_noise(samples, rate, tail, last + 1):
        return min(last, _end_of_last_word(samples, levels[: last + 1], rate))
    return last


def _end_of_last_word(samples: Samples, levels: npt.NDArray[np.float64], rate: int) -> int:
    """The last frame of speech in `levels`, which end in noise that nothing parts from it."""
    last = len(levels) - 1
    said = levels >= levels.max() + _QUIET_DB
    pitched = voiced(samples, rate, 0, len(levels)) & said
    # Noise has a frame with a pitch now and then, by chance.
    steady = np.flatnonzero(np.convolve(pitched, np.ones(5), "same") >= 4)
    if not len(steady) or pitched[: steady[-1]].sum() < _LEAST_VOICED * said[: steady[-1]].sum():
        return last
    word = int(np.flatnonzero(said[: steady[-1] + round(_HISS_SECONDS / FRAME_SECONDS)])[-1])
    noise = np.median(levels[-round(_NOISE_SECONDS / FRAME_SECONDS) :])
    louder = np.flatnonzero(levels > noise + _ABOVE_NOISE_DB)
    return max(word, int(louder[-1])) if len(louder) else word


def _levels(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Levels of frames of 20 ms in dBFS; what is left over at the end is a frame, too."""
    size = round(FRAME_SECONDS * rate)
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % size)).reshape(-1, size)
    return np.asarray(10 * np.log10(np.square(padded).mean(axis=1) + 1e-12))


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.view(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
