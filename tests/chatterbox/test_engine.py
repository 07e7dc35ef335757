"""The engine against stock chatterbox-tts: the same numbers, without its hazards."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bot.errors import UserError
from bot.speech.delivery import Delivery
from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox import ChatterboxEngine, sounder
from bot.speech.models import MODELS
from bot.speech.opus import decode_opus
from bot.speech.types import Speech, SynthesisRequest, VoiceReference, VoiceSettings
from storage.clips import load_clip
from storage.types import CLIP_SAMPLE_RATE
from tests.chatterbox.conftest import model_of, only_english, store

Voices = tuple[VoiceReference, ...]

TEXTS = (
    "Hello there.",
    "The very same words, but a few more of them.",
    "Hi!",
    "One after another, they all come to an end.",
)


def request(voice: VoiceReference, text: str = "Hello there.", seed: int = 1) -> SynthesisRequest:
    return SynthesisRequest(text, voice, language="en", settings=VoiceSettings(seed=seed))


@pytest.fixture(scope="module")
def requests(engine: ChatterboxEngine, voices: Voices) -> list[SynthesisRequest]:
    """Different texts, lengths, voices, settings and seeds."""
    # The multilingual model is deep and babbles on; its tokens are compared in `test_decode`.
    texts = TEXTS[:2] if MODELS[model_of(engine)].guarded else TEXTS
    settings = (
        VoiceSettings(),
        VoiceSettings(exaggeration=1.0, cfg_weight=0.3, temperature=0.6),
        VoiceSettings(temperature=1.2),
    )
    return [
        SynthesisRequest(
            text, voices[index % 4], "en", dataclasses.replace(settings[index % 3], seed=10 + index)
        )
        for index, text in enumerate(texts)
    ]


def stock_conditionals(stock: Any, voice: VoiceReference, directory: Path) -> Any:
    """What stock code prepares from a file, as its users do it."""
    path = directory / f"{voice.clip_sha256}.wav"
    samples = load_clip(voice.clip_path, voice.clip_sha256).samples
    soundfile.write(path, samples, CLIP_SAMPLE_RATE, subtype="FLOAT")
    stock.prepare_conditionals(str(path))
    return stock.conds


@pytest.fixture(scope="module")
def stock_waves(
    stock: Any, engine: ChatterboxEngine, requests: list[SynthesisRequest], tmp_path_factory: Any
) -> list[Samples]:
    """What stock `generate` makes of each request."""
    import torch

    directory = tmp_path_factory.mktemp("references")
    waves = []
    for wanted in requests:
        stock_conditionals(stock, wanted.voice, directory)
        given = dataclasses.asdict(wanted.settings)
        torch.manual_seed(given.pop("seed"))
        settings = {name: value for name, value in given.items() if value is not None}
        language = {"language_id": "en"} if MODELS[model_of(engine)].is_multilingual else {}
        waves.append(stock.generate(wanted.text, **language, **settings).squeeze(0).numpy())
    return waves


@pytest.fixture
def samples_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine return samples where packets would be."""

    def to_speech(
        samples: Samples, rate: float, timings: Any, delivery: Delivery, *, notes: Any
    ) -> Speech:
        return Speech((samples.tobytes(),), len(samples) / rate, timings, notes)

    monkeypatch.setattr(sounder, "to_speech", to_speech)


def wave(result: object) -> Samples:
    assert isinstance(result, Speech), result
    return np.frombuffer(result.packets[0], dtype=np.float32)


def tensors(conditionals: Any) -> dict[str, Any]:
    import torch

    values = vars(conditionals.t3) | conditionals.gen
    return {key: value for key, value in values.items() if torch.is_tensor(value)}


def test_conditionals_are_stocks_bit_for_bit(
    engine: ChatterboxEngine, stock: Any, voices: Voices, tmp_path: Path
) -> None:
    import torch

    ours = tensors(engine.voices.get(voices[0], {}))
    theirs = tensors(stock_conditionals(stock, voices[0], tmp_path))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


@only_english
def test_cached_conditionals_hold_no_graph(engine: ChatterboxEngine, voices: Voices) -> None:
    for tensor in tensors(engine.voices.get(voices[0], {})).values():
        assert not tensor.requires_grad
        assert tensor.grad_fn is None
        assert tensor.untyped_storage().nbytes() == tensor.nbytes


@only_english
def test_a_voice_is_prepared_once(engine: ChatterboxEngine, tmp_path: Path) -> None:
    voice = store(tmp_path, 5.5, 140.0)
    first = engine.synthesize([request(voice)])[0]
    again = engine.synthesize([request(voice)])[0]
    assert isinstance(first, Speech)
    assert isinstance(again, Speech)
    assert set(first.timings) == {
        "conditionals",
        "decode",
        "vocode",
        "watermark",
        "master",
        "encode",
    }
    assert set(again.timings) == {"decode", "vocode", "watermark", "master", "encode"}
    assert again.packets == first.packets


@pytest.mark.usefixtures("samples_kept")
@pytest.mark.parametrize("together", [1, 4])
def test_waves_are_stocks_for_the_same_seed_in_batches_of(
    together: int,
    engine: ChatterboxEngine,
    requests: list[SynthesisRequest],
    stock_waves: list[Samples],
) -> None:
    for start in range(0, len(requests), together):
        results = engine.synthesize(requests[start : start + together])
        for result, expected in zip(results, stock_waves[start:], strict=False):
            np.testing.assert_array_equal(wave(result), expected)


@pytest.mark.usefixtures("samples_kept")
@pytest.mark.parametrize("engine", ["english", "turbo", "nano", "multilingual"], indirect=True)
@pytest.mark.parametrize("together", [2, 8])
def test_in_any_slot_and_company_a_sentence_sounds_the_same_in_batches_of(
    together: int,
    engine: ChatterboxEngine,
    requests: list[SynthesisRequest],
    stock_waves: list[Samples],
) -> None:
    # The same ones again from behind, so that each has other neighbours and another slot.
    wanted = [*zip(requests, stock_waves, strict=True)]
    batch = [*wanted, *reversed(wanted)][-together:]
    results = engine.synthesize([request for request, _ in batch])
    for result, (_, expected) in zip(results, batch, strict=True):
        np.testing.assert_array_equal(wave(result), expected)


@only_english
@pytest.mark.usefixtures("samples_kept")
def test_joining_and_leaving_a_running_batch_changes_nothing(
    engine: ChatterboxEngine, requests: list[SynthesisRequest], stock_waves: list[Samples]
) -> None:
    results: dict[int, Any] = {}
    for ticket, wanted in enumerate(requests):
        engine.submit(ticket, wanted)
        for _ in range(5 * ticket):
            results |= dict(engine.advance(0))
    while engine.busy:
        results |= dict(engine.advance(0))
    for ticket, expected in enumerate(stock_waves):
        np.testing.assert_array_equal(wave(results[ticket]), expected)


@only_english
def test_a_call_of_its_own_leaves_what_was_submitted_for_later(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    engine.submit(7, request(voices[0]))
    (mine,) = engine.synthesize([request(voices[1])])
    others = []
    while engine.busy:
        others += engine.advance(0)
    assert isinstance(mine, Speech)
    assert [ticket for ticket, _ in others] == [7]


@only_english
def test_speaking_leaves_cached_conditionals_as_they_were(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    cached = engine.voices.get(voices[0], {})
    before = {key: value.clone() for key, value in tensors(cached).items()}
    engine.synthesize([request(voices[0])])
    after = tensors(cached)
    assert after.keys() == before.keys()
    assert all((after[key] == before[key]).all() for key in before)


def test_the_watermark_is_there_after_opus_and_resampling(
    engine: ChatterboxEngine, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def certainty() -> float:
        (speech,) = engine.synthesize([request(voices[2], seed=9)])
        assert isinstance(speech, Speech)
        heard = decode_opus(speech.packets)
        find = engine._model.watermarker.get_watermark
        return float(find(heard, sample_rate=48_000, round=False).mean())

    marked = certainty()
    speaker: Any = engine._speaker
    monkeypatch.setattr(speaker._sounder._vocoder, "mark", lambda samples: samples)
    unmarked = certainty()
    assert marked > 0.98
    assert marked - unmarked > 0.1  # random weights buzz somewhat like a mark


@pytest.mark.parametrize("engine", ["english", "turbo", "nano"], indirect=True)
def test_settings_that_the_model_ignores_are_named(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    settings = VoiceSettings(exaggeration=0.7, temperature=0.7)
    (result,) = engine.synthesize([dataclasses.replace(request(voices[0]), settings=settings)])
    assert isinstance(result, Speech)
    model = engine.info.model
    expected = () if model == "english" else (f"The {model} model ignores exaggeration.",)
    assert result.notes == expected


@only_english
def test_a_setting_out_of_its_range_is_refused(engine: ChatterboxEngine, voices: Voices) -> None:
    hot = dataclasses.replace(request(voices[0]), settings=VoiceSettings(temperature=9.0))
    (result,) = engine.synthesize([hot])
    assert isinstance(result, UserError)
    assert "between 0.05 and 2; 9 is not" in str(result)


@only_english
def test_a_text_too_long_is_refused_and_the_next_one_spoken(
    engine: ChatterboxEngine, voices: Voices
) -> None:
    long, short = engine.synthesize([request(voices[0], "word " * 200), request(voices[0])])
    assert isinstance(long, UserError)
    assert "too long for the voice engine" in str(long)
    assert isinstance(short, Speech)


def test_nothing_is_printed_or_drawn(
    engine: ChatterboxEngine, voices: Voices, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.synthesize([request(voices[0])])
    assert capfd.readouterr() == ("", "")


def test_nothing_is_left_on_the_model(engine: ChatterboxEngine, voices: Voices) -> None:
    engine.synthesize([request(voices[0])])
    t3 = engine._model.t3
    assert not [module for module in t3.modules() if module._forward_hooks]
    assert t3.cfg._attn_implementation == "sdpa"


@only_english
def test_info_says_what_was_loaded(engine: ChatterboxEngine) -> None:
    info = engine.info
    assert (info.kind, info.device, info.clones, info.slots) == ("chatterbox", "cpu", True, 8)
    assert info.reason == "the test asks for it"


@pytest.mark.parametrize("engine", ["turbo", "nano"], indirect=True)
def test_a_reference_too_short_for_the_model_is_refused(
    engine: ChatterboxEngine, tmp_path: Path
) -> None:
    (result,) = engine.synthesize([request(store(tmp_path, 4.0, 120.0))])
    assert isinstance(result, UserError)
    assert "needs more than 5 s" in str(result)


@pytest.mark.parametrize("engine", ["multilingual", "multilingual-v2"], indirect=True)
def test_a_language_the_model_lacks_is_refused(engine: ChatterboxEngine, voices: Voices) -> None:
    (result,) = engine.synthesize([SynthesisRequest("Saluton.", voices[0], "eo")])
    assert isinstance(result, UserError)
    assert "does not speak the language 'eo'. It speaks ar, da, de" in str(result)
