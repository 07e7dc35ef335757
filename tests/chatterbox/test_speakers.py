"""Chatterbox's voice encoder compares speakers as the stock package does; with random weights, so
that only the way is shown, not what its figures mean.
"""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from bot.speech.engines.chatterbox import ChatterboxEngine
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from tests.samples import speech_samples


@pytest.fixture(scope="module")
def clips() -> tuple[ReferenceClip, ReferenceClip]:
    return ReferenceClip(speech_samples(4.0)), ReferenceClip(speech_samples(3.0, 1.3))


def test_the_similarity_is_that_of_the_stock_package(
    engine: ChatterboxEngine, clips: tuple[ReferenceClip, ReferenceClip]
) -> None:
    encoder = engine._model.ve
    wavs = [soxr.resample(clip.samples, CLIP_SAMPLE_RATE, 16_000) for clip in clips]
    stock = [encoder.embeds_from_wavs([wav], sample_rate=16_000, as_spk=True) for wav in wavs]
    own = [engine.embedding(clip) for clip in clips]
    assert own[0] is not None
    assert own[1] is not None
    assert float(own[0] @ own[1]) == pytest.approx(
        float(encoder.voice_similarity(*stock)), abs=1e-6
    )


def test_a_speaker_is_like_themself(
    engine: ChatterboxEngine, clips: tuple[ReferenceClip, ReferenceClip]
) -> None:
    speaker = engine.embedding(clips[0])
    assert speaker is not None
    assert speaker.dtype == np.float32
    assert float(speaker @ speaker) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "samples", [np.zeros(48_000), speech_samples(0.5)], ids=["silent", "short"]
)
def test_too_little_is_no_speaker(engine: ChatterboxEngine, samples: np.ndarray) -> None:
    assert engine.embedding(ReferenceClip(samples.astype(np.float32))) is None
