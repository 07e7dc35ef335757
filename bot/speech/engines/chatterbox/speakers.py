"""How a speaker sounds, by Chatterbox's own voice encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox.stock import import_package, quiet
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

LEAST_SECONDS = 1.0
"""The encoder looks at stretches of 1.6 s, of which it fills up one."""

_ENCODER_RATE = 16_000


def embedding(encoder: Any, clip: ReferenceClip) -> Samples | None:
    """Return the direction in which a speaker lies: float32, shape (256,), of length 1.

    encoder: stock's `VoiceEncoder`. Two of them times each other, summed up, are its
    `voice_similarity`. None for what is too short or silent.
    """
    if clip.seconds < LEAST_SECONDS or not clip.samples.any():
        return None
    torch = import_package("torch")
    samples = soxr.resample(clip.samples, CLIP_SAMPLE_RATE, _ENCODER_RATE)
    with torch.inference_mode(), quiet():
        found = encoder.embeds_from_wavs([samples], sample_rate=_ENCODER_RATE, as_spk=True)
    direction = np.asarray(found, np.float32)
    return direction if np.isfinite(direction).all() else None
