"""What goes wrong with one sentence, and what becomes of the others."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.errors import EngineDeadError, EngineError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import ChatterboxModel, Speech, VoiceReference
from tests.chatterbox.conftest import spec
from tests.chatterbox.failing import NO_MEMORY, Voices, asked, failing, finish, packets

pytestmark = pytest.mark.parametrize("engine", ["english"], indirect=True)


@pytest.fixture
def decoder(engine: ChatterboxEngine) -> Iterator[Any]:
    """The engine's decoder, which must be free in the end."""
    speaker: Any = engine._speaker
    yield speaker._decoder
    assert speaker._decoder.running == 0
    assert not engine.busy


def test_a_damaged_clip_fails_alone(
    engine: ChatterboxEngine, voices: Voices, caplog: pytest.LogCaptureFixture
) -> None:
    gone = VoiceReference(Path("gone.pickle.gz"), "0" * 64)
    results = engine.synthesize([asked(gone), asked(voices[0])])
    assert [type(result) for result in results] == [EngineError, Speech]
    assert "My data cannot be read" in str(results[0])
    assert "gone.pickle.gz cannot be used: the file is missing" in caplog.text


def test_too_little_memory_for_its_sound_fails_a_sentence_and_frees_the_cache(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._model.s3gen.flow, "inference", failing(NO_MEMORY))
    (result,) = engine.synthesize([asked(voices[0])])
    assert isinstance(result, EngineError)
    assert "ran out of memory" in str(result)
    assert engine.voices.bytes_used == 0


@pytest.mark.parametrize("where", ["_advance", "_prefill"])
def test_too_little_memory_for_several_together_is_enough_for_one_by_one(
    where: str,
    engine: ChatterboxEngine,
    decoder: Any,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [asked(voice) for voice in voices[:2]]
    alone = [packets(engine.synthesize([one])[0]) for one in wanted]
    together: list[int] = []
    work = getattr(decoder, where)

    def fail(*arguments: object) -> Any:
        together.append(decoder.running)
        if decoder.running >= (2 if where == "_advance" else 1):
            raise RuntimeError(NO_MEMORY)
        return work(*arguments)

    monkeypatch.setattr(decoder, where, fail)
    assert [packets(result) for result in engine.synthesize(wanted)] == alone
    assert max(together) > min(together)


def test_too_little_memory_for_one_alone_fails_it(
    engine: ChatterboxEngine, decoder: Any, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "_advance", failing(NO_MEMORY))
        failed = engine.synthesize([asked(voices[0]), asked(voices[1])])
    assert ["ran out of memory" in str(result) for result in failed] == [True, True]
    assert packets(engine.synthesize([asked(voices[0])])[0])


def test_a_sentence_that_ended_is_heard_though_the_others_fail_in_that_step(
    engine: ChatterboxEngine, decoder: Any, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = decoder._advance

    def fail(drawn: Any) -> None:
        if decoder.running == 1:
            raise RuntimeError("something else")
        advance(drawn)

    # The second began a step later, so it is alone once the first has ended.
    with monkeypatch.context() as patch:
        engine.submit(0, asked(voices[0]))
        engine.advance(0)
        patch.setattr(decoder, "_advance", fail)
        engine.submit(1, asked(voices[1]))
        results = finish(engine)
    assert packets(results[0])
    assert "failed on this text (RuntimeError)" in str(results[1])
    assert packets(engine.synthesize([asked(voices[1])])[0])


def test_a_sentence_that_cannot_begin_takes_no_slot(
    engine: ChatterboxEngine, decoder: Any, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "_prepare_draw", failing("something else", 1, decoder._prepare_draw))
        results = engine.synthesize([asked(voices[0]), asked(voices[1])])
    assert [type(result) for result in results] == [EngineError, Speech]


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: an illegal memory access was encountered\nmore",
        "Offset increment outside graph capture encountered unexpectedly.",
    ],
)
def test_a_failed_gpu_is_the_end_of_the_engine(
    message: str, engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._model.s3gen.flow, "inference", failing(message))
    with pytest.raises(EngineDeadError, match=message.split("\n")[0]):
        engine.synthesize([asked(voices[0])])


def accelerator_error(message: str) -> Exception:
    """Return what torch raises for a device that failed; a type of its own since 2.8."""
    kind: type[Exception] = getattr(torch, "AcceleratorError", RuntimeError)
    return kind(message)


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later.",
        "CUDA error: unspecified launch failure",
        "CUDA error: CUDA-capable device(s) is/are busy or unavailable",
    ],
)
@pytest.mark.parametrize("where", ["vocoder", "decoder", "voice"])
def test_a_lost_device_is_the_end_of_the_engine_wherever_it_is_noticed(
    message: str,
    where: str,
    engine: ChatterboxEngine,
    voices: Voices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise accelerator_error(message)

    speaker: Any = engine._speaker
    place: tuple[Any, str] = {
        "vocoder": (engine._model.s3gen.flow, "inference"),
        "decoder": (speaker._decoder, "_advance"),
        "voice": (engine.voices, "_prepare"),
    }[where]
    engine.voices.clear()
    monkeypatch.setattr(*place, fail)
    with pytest.raises(EngineDeadError, match="The GPU failed"):
        engine.synthesize([asked(voices[0])])
    assert not speaker.busy


@pytest.mark.parametrize("steps", [0, 3])
def test_what_is_withdrawn_comes_to_nothing_and_changes_nothing(
    steps: int, engine: ChatterboxEngine, decoder: Any, voices: Voices
) -> None:
    (alone,) = engine.synthesize([asked(voices[1])])
    for ticket in range(2):
        engine.submit(ticket, asked(voices[ticket]))
    for _ in range(steps):
        assert engine.advance(0) == []
    engine.withdraw(0)
    results = finish(engine)
    assert results.keys() == {1}
    assert packets(results[1]) == packets(alone)


def test_a_closed_engine_leaves_no_model(
    engine: ChatterboxEngine, checkpoint: Callable[[ChatterboxModel], Path], voices: Voices
) -> None:
    own = ChatterboxEngine(spec("english", checkpoint("english")), "the test asks for it")
    own.synthesize([asked(voices[0])])
    model = weakref.ref(own._model.t3)
    own.close()
    gc.collect()
    assert model() is None


def test_too_little_memory_for_the_decoder_is_said_in_a_line(
    engine: ChatterboxEngine,
    checkpoint: Callable[[ChatterboxModel], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.speech.engines.chatterbox.t3 import decoder

    monkeypatch.setattr(decoder, "KeyValueCache", failing(NO_MEMORY))
    with pytest.raises(EngineDeadError, match="too little memory to speak with the english model"):
        ChatterboxEngine(spec("english", checkpoint("english")), "the test asks for it")
