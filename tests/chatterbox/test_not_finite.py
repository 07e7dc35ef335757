"""Numbers that are not finite: spoken in float32, or said to be so; never token 0."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EngineError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.batch import BatchSpeaker
from bot.speech.engines.chatterbox.failures import Failures
from tests.chatterbox.conftest import spec
from tests.chatterbox.failing import Voices, asked, finish, packets

pytestmark = pytest.mark.parametrize("engine", ["english"], indirect=True)


@pytest.fixture
def decoder(engine: ChatterboxEngine) -> Iterator[Any]:
    """The engine's, which must be free in the end."""
    speaker: Any = engine._speaker
    yield speaker._decoder
    assert speaker._decoder.running == 0


def overflowing(engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A decoder whose numbers for the second of two texts are not finite after some steps."""
    from bot.speech.engines.chatterbox.t3.decoder import T3Decoder

    decoder = T3Decoder(engine._model.t3, slots=2, context=1100)
    forward = decoder._forward

    def overflow(*inputs: Any) -> None:
        forward(*inputs)
        if len(decoder._going) == 2 and decoder._running[1].drawn > 3:
            decoder._probabilities[1] = math.nan

    monkeypatch.setattr(decoder._step, "_forward", overflow)
    return decoder


@pytest.mark.parametrize("threaded", [False, True])
def test_what_half_precision_cannot_compute_is_spoken_in_float32(
    threaded: bool,
    engine: ChatterboxEngine,
    decoder: Any,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests = [asked(voices[0], seed=seed) for seed in (1, 2, 3)]
    expected = [packets(result) for result in engine.synthesize(requests)]
    opened = []

    def in_float32() -> Any:
        opened.append(own._sounder.busy)
        return decoder

    own = BatchSpeaker(
        engine._model,
        spec("english", Path()),
        engine.voices,
        Failures(engine.voices.clear),
        overflowing(engine, monkeypatch),
        overlapped=threaded,
        in_float32=in_float32,
    )
    for ticket, request in enumerate(requests):
        own.submit(ticket, request)
    results = finish(own)
    own.abandon()
    assert [packets(results[ticket]) for ticket in range(3)] == expected
    assert opened == [False]  # once, and not while another thread uses the device
    assert own.slots == decoder.slots
    assert "not finite in half precision; going on in fp32" in caplog.text


def test_what_float32_cannot_compute_either_fails_alone(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [asked(voices[0], seed=seed) for seed in (1, 2)]
    expected = packets(engine.synthesize(requests[:1])[0])
    own = BatchSpeaker(
        engine._model,
        spec("english", Path()),
        engine.voices,
        Failures(engine.voices.clear),
        overflowing(engine, monkeypatch),
        overlapped=False,
    )
    for ticket, request in enumerate(requests):
        own.submit(ticket, request)
    results = finish(own)
    own.abandon()
    assert packets(results[0]) == expected
    assert isinstance(results[1], EngineError)
    assert "not finite for this text" in str(results[1])
