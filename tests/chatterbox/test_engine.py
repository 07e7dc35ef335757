"""The engine against stock chatterbox-tts: the same numbers, without its hazards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bot.errors import EngineDeadError, EngineError, UserError
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.opus import decode_opus
from bot.speech.types import Speech, SynthesisRequest, VoiceReference
from storage.clips import load_clip
from storage.types import CLIP_SAMPLE_RATE
from tests.chatterbox.conftest import store

Voices = tuple[VoiceReference, ...]


def request(voice: VoiceReference, text: str = "Hello there.", seed: int = 1) -> SynthesisRequest:
    return SynthesisRequest(text, voice, language="en", seed=seed)


def stock_model(engine: ChatterboxEngine) -> Any:
    return engine._model


def stock_conditionals(engine: ChatterboxEngine, voice: VoiceReference, directory: Path) -> Any:
    """What stock code prepares from a file, as its users do it."""
    path = directory / "reference.wav"
    samples = load_clip(voice.clip_path, voice.clip_sha256).samples
    soundfile.write(path, samples, CLIP_SAMPLE_RATE, subtype="FLOAT")
    stock_model(engine).prepare_conditionals(str(path))
    return stock_model(engine).conds


def stock_wave(engine: ChatterboxEngine, request: SynthesisRequest, directory: Path) -> Any:
    import torch

    stock_conditionals(engine, request.voice, directory)
    language = {"language_id": "en"} if engine.info.model == "multilingual" else {}
    torch.manual_seed(request.seed or 0)
    return stock_model(engine).generate(request.text, **language).squeeze(0).numpy()


def tensors(conditionals: Any) -> dict[str, Any]:
    import torch

    values = vars(conditionals.t3) | conditionals.gen
    return {key: value for key, value in values.items() if torch.is_tensor(value)}


def test_conditionals_are_stocks_bit_for_bit(
    engine: ChatterboxEngine, voices: Voices, tmp_path: Path
) -> None:
    import torch

    ours = tensors(engine.conditionals(voices[0], {}))
    stock = tensors(stock_conditionals(engine, voices[0], tmp_path))
    assert ours.keys() == stock.keys()
    assert all(torch.equal(ours[key], stock[key]) for key in stock)


def test_cached_conditionals_hold_no_graph(engine: ChatterboxEngine, voices: Voices) -> None:
    for tensor in tensors(engine.conditionals(voices[0], {})).values():
        assert not tensor.requires_grad
        assert tensor.grad_fn is None
        assert tensor.untyped_storage().nbytes() == tensor.nbytes


def test_a_voice_is_prepared_once(engine: ChatterboxEngine, voices: Voices) -> None:
    first = engine.synthesize([request(voices[1])])[0]
    again = engine.synthesize([request(voices[1])])[0]
    assert isinstance(first, Speech)
    assert isinstance(again, Speech)
    assert set(first.timings) == {"conditionals", "synthesis", "encode"}
    assert set(again.timings) == {"synthesis", "encode"}
    assert again.packets == first.packets


def test_the_wave_is_stocks_for_the_same_seed(
    engine: ChatterboxEngine, voices: Voices, tmp_path: Path
) -> None:
    wanted = request(voices[0], "The very same words.", seed=5)
    np.testing.assert_array_equal(engine.generate(wanted, {}), stock_wave(engine, wanted, tmp_path))


def test_voices_do_not_mix_when_they_alternate(engine: ChatterboxEngine, voices: Voices) -> None:
    first, second = (request(voice, "One after another.") for voice in voices[:2])
    alone = engine.generate(first, {}), engine.generate(second, {})
    mixed = [engine.generate(wanted, {}) for wanted in (first, second, first, second)]
    assert not np.array_equal(alone[0], alone[1])
    for wave, expected in zip(mixed, alone * 2, strict=True):
        np.testing.assert_array_equal(wave, expected)


def test_speaking_leaves_cached_conditionals_as_they_were(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    cached = engine.conditionals(voices[0], {})
    before = {key: value.clone() for key, value in tensors(cached).items()}
    engine.generate(request(voices[0]), {})
    after = tensors(cached)
    assert after.keys() == before.keys()
    assert all((after[key] == before[key]).all() for key in before)


def test_speech_is_what_was_generated(engine: ChatterboxEngine, voices: Voices) -> None:
    wanted = request(voices[2], seed=9)
    wave = engine.generate(wanted, {})
    (speech,) = engine.synthesize([wanted])
    assert isinstance(speech, Speech)
    assert speech.seconds == pytest.approx(len(wave) / CLIP_SAMPLE_RATE, abs=0.001)
    assert len(decode_opus(speech.packets)) >= speech.seconds * 48_000


def test_nothing_is_printed_or_drawn(
    engine: ChatterboxEngine, voices: Voices, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.generate(request(voices[0]), {})
    assert capfd.readouterr() == ("", "")


def test_a_damaged_clip_fails_alone(engine: ChatterboxEngine, voices: Voices) -> None:
    gone = VoiceReference(Path("gone.pickle.gz"), "0" * 64)
    results = engine.synthesize([request(gone), request(voices[0])])
    assert [type(result) for result in results] == [EngineError, Speech]
    assert "gone.pickle.gz cannot be used: the file is missing" in str(results[0])


def failing(engine: ChatterboxEngine, monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    """Let the model fail as torch does on a GPU, which a test machine may lack."""

    def generate(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(engine._model, "generate", generate)


def test_out_of_memory_fails_the_sentence_and_frees_the_cache(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(engine, monkeypatch, "CUDA out of memory. Tried to allocate 20.00 MiB.")
    (result,) = engine.synthesize([request(voices[0])])
    assert isinstance(result, EngineError)
    assert "ran out of memory" in str(result)
    assert engine._conditionals.bytes_used == 0


def test_a_failed_gpu_is_the_end_of_the_engine(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(engine, monkeypatch, "CUDA error: an illegal memory access was encountered\nmore")
    with pytest.raises(EngineDeadError, match="illegal memory access was encountered"):
        engine.synthesize([request(voices[0])])


def test_info_says_what_was_loaded(engine: ChatterboxEngine) -> None:
    info = engine.info
    assert (info.kind, info.device, info.clones) == ("chatterbox", "cpu", True)
    assert info.reason == "the test asks for it"
    assert info.load_seconds > 0


def test_a_reference_too_short_for_the_model_is_refused(
    engine: ChatterboxEngine, tmp_path: Path
) -> None:
    (result,) = engine.synthesize([request(store(tmp_path, 4.0, 120.0))])
    if engine.info.model == "turbo":
        assert isinstance(result, UserError)
        assert "needs more than 5 s" in str(result)
    else:
        assert isinstance(result, Speech)


def test_a_language_the_model_lacks_is_refused(engine: ChatterboxEngine, voices: Voices) -> None:
    (result,) = engine.synthesize([SynthesisRequest("Saluton.", voices[0], "eo", 1)])
    if engine.info.model == "multilingual":
        assert isinstance(result, UserError)
        assert "does not speak the language 'eo'. It speaks ar, da, de" in str(result)
    else:
        assert isinstance(result, Speech)
