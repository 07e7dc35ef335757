"""From tokens to samples, in batches and in a thread of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.batch import BatchSpeaker
from bot.speech.engines.chatterbox.failures import Failures
from bot.speech.engines.chatterbox.vocoder import Sounds, Vocoder, speech_tokens
from bot.speech.opus import decode_opus
from bot.speech.types import Speech, SynthesisRequest, VoiceReference, VoiceSettings
from tests.chatterbox.conftest import UNCHECKED, only_english, spec

Voices = tuple[VoiceReference, ...]


def sounds(engine: ChatterboxEngine, voice: VoiceReference, seed: int, length: int = 10) -> Sounds:
    import torch

    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, 6561, (length,), generator=generator)
    return Sounds(tokens, engine.voices.get(voice, {}).gen, seed, generator.get_state())


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_sentences_of_equal_length_together_are_as_alone_but_for_rounding(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    vocoder = Vocoder(engine._model)
    batch = [sounds(engine, voice, seed) for seed, voice in enumerate(voices[:3])]
    alone = [vocoder.speak([one])[0] for one in batch]
    for together, expected in zip(vocoder.speak(batch), alone, strict=True):
        np.testing.assert_allclose(together, expected, atol=1e-6)


@pytest.mark.parametrize("engine", ["english", "turbo"], indirect=True)
def test_sentences_of_unequal_lengths_together_are_as_alone_but_for_rounding(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    vocoder = Vocoder(engine._model)
    batch = [
        sounds(engine, voices[index], index, length) for index, length in enumerate((10, 23, 4))
    ]
    alone = [vocoder.speak([one])[0] for one in batch]
    for together, expected in zip(vocoder.speak(batch), alone, strict=True):
        assert together.shape == expected.shape
        np.testing.assert_allclose(together, expected, atol=1e-5)
    # The masks are left out again.
    np.testing.assert_array_equal(vocoder.speak(batch[:1])[0], alone[0])


@only_english
def test_normalised_weights_are_folded_once(engine: ChatterboxEngine, stock: Any) -> None:
    def normalised(model: Any) -> list[Any]:
        return [part for part in model.s3gen.mel2wav.modules() if hasattr(part, "parametrizations")]

    assert normalised(stock)
    assert not normalised(engine._model)


@only_english
def test_in_a_thread_of_its_own_it_sounds_the_same(
    engine: ChatterboxEngine, voices: Voices, tmp_path: Any
) -> None:
    requests = [
        SynthesisRequest("Hello there.", voice, settings=VoiceSettings(seed=1))
        for voice in voices[:2]
    ]
    inline = engine.synthesize(requests)
    speaker = BatchSpeaker(
        engine._model,
        spec("english", tmp_path, self_check=UNCHECKED),
        engine.voices,
        Failures(lambda: None),
        engine._speaker._decoder,  # type: ignore[union-attr]  # not the stock speaker
        overlapped=True,
    )
    for ticket, request in enumerate(requests):
        speaker.submit(ticket, request)
    results: dict[int, Any] = {}
    while speaker.busy:
        results |= dict(speaker.advance(math.inf))
    speaker.abandon()
    for ticket, expected in enumerate(inline):
        assert isinstance(expected, Speech)
        heard, wanted = decode_opus(results[ticket].packets), decode_opus(expected.packets)
        np.testing.assert_allclose(heard, wanted, atol=0.02)


@pytest.mark.parametrize(
    ("decoded", "kept"),
    [
        ([5, 6, 6562], [5, 6]),
        ([6561, 5, 6562], [5]),
        ([1, 6561, 5, 6562, 7], [5]),
        ([5, 8000, 6, 6563], [5, 6]),
        ([6562], []),
    ],
    ids=["stop", "start", "between", "no sounds", "nothing"],
)
def test_only_sounds_between_start_and_stop_are_kept(decoded: list[int], kept: list[int]) -> None:
    assert speech_tokens(decoded, turbo=False).tolist() == kept


def test_turbo_keeps_all_sounds_and_ends_with_silence() -> None:
    kept = speech_tokens([6562, 5, 6, 6562], turbo=True).tolist()
    assert kept == [5, 6, 4299, 4299, 4299]
