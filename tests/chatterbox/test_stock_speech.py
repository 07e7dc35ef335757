"""`decode = "stock"`: the same speech as by our own decode, without what stock leaves behind."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.speech.delivery import Delivery
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.stock_speech import StockSpeaker, settings_without_effect
from bot.speech.types import (
    ChatterboxModel,
    EngineSpec,
    SelfCheck,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import only_english, spec

Voices = tuple[VoiceReference, ...]


@pytest.fixture(scope="module")
def stock_engine(
    engine: ChatterboxEngine, checkpoint: Callable[[ChatterboxModel], Path]
) -> Iterator[ChatterboxEngine]:
    """The same model as `engine` has, decoded by the package."""
    model: ChatterboxModel = engine.info.model  # type: ignore[assignment]
    stock = ChatterboxEngine(spec(model, checkpoint(model), decode="stock"), "test")
    yield stock
    stock.close()


def request(voice: VoiceReference, **settings: Any) -> SynthesisRequest:
    return SynthesisRequest("Hello there.", voice, "en", VoiceSettings(seed=4, **settings))


def packets(engine: ChatterboxEngine, wanted: SynthesisRequest) -> tuple[bytes, ...]:
    (speech,) = engine.synthesize([wanted])
    assert isinstance(speech, Speech), speech
    return speech.packets


@pytest.mark.parametrize("settings", [{}, {"cfg_weight": 0.0}, {"temperature": 1.2}])
def test_it_sounds_like_our_own_decode(
    engine: ChatterboxEngine,
    stock_engine: ChatterboxEngine,
    voices: Voices,
    settings: dict[str, float],
) -> None:
    wanted = request(voices[0], **settings)
    assert packets(stock_engine, wanted) == packets(engine, wanted)
    assert stock_engine.info.slots == 1


@only_english
def test_both_deliver_as_they_are_asked(
    engine: ChatterboxEngine, stock_engine: ChatterboxEngine, voices: Voices
) -> None:
    plain = request(voices[0])
    fast = dataclasses.replace(plain, delivery=Delivery(2.0, 3.0))
    assert packets(stock_engine, fast) == packets(engine, fast)
    assert len(packets(engine, fast)) == pytest.approx(len(packets(engine, plain)) / 2, abs=1)


def test_the_model_is_left_as_it_was(stock_engine: ChatterboxEngine, voices: Voices) -> None:
    def state() -> dict[str, Any]:
        t3 = stock_engine._model.t3
        return {
            "hooks": sum(len(module._forward_hooks) for module in t3.modules()),
            "attention": t3.cfg._attn_implementation,
            "output_attentions": t3.cfg.output_attentions,
            "modules": len(list(t3.modules())),
            "holds a voice": stock_engine._model.conds is not None,
        }

    before = state()  # with what transformers installs once
    packets(stock_engine, request(voices[0]))
    first = state()
    for seed in range(2):
        wanted = request(voices[0])
        settings = dataclasses.replace(wanted.settings, seed=seed)
        packets(stock_engine, dataclasses.replace(wanted, settings=settings))
    assert state() == first
    assert first["attention"] == before["attention"] == "sdpa"
    assert first["output_attentions"] is before["output_attentions"] is False
    assert first["modules"] == before["modules"]
    assert not first["holds a voice"]


@only_english
def test_what_is_withdrawn_is_not_spoken(stock_engine: ChatterboxEngine, voices: Voices) -> None:
    speaker = stock_engine._speaker
    assert isinstance(speaker, StockSpeaker)
    for ticket in range(3):
        stock_engine.submit(ticket, request(voices[0]))
    speaker.withdraw(0)
    speaker.withdraw(2)
    speaker.withdraw(7)
    assert [ticket for ticket, _ in stock_engine.advance(0)] == [1]
    assert not stock_engine.busy


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, []),
        ({"precision": "bf16", "slots": 4}, ["precision", "slots"]),
        (
            {"graphs": False, "fused": False, "tf32": True, "vocoder_batch": 2},
            ["graphs", "fused", "tf32", "vocoder_batch"],
        ),
        ({"flow_precision": "fp32"}, ["flow_precision"]),
        (
            {"self_check": SelfCheck(retries=5, trim_tail=False)},
            ["check_retries", "trim_tail"],
        ),
        ({"self_check": SelfCheck(enabled=False, retries=0)}, []),
    ],
)
def test_settings_without_effect_are_found(changes: dict[str, Any], named: list[str]) -> None:
    assert settings_without_effect(EngineSpec(decode="stock", **changes)) == named


def test_settings_without_effect_are_told_when_it_loads(
    checkpoint: Callable[[ChatterboxModel], Path], caplog: pytest.LogCaptureFixture
) -> None:
    changes = {"decode": "stock", "precision": "bf16", "flow_precision": "auto", "slots": None}
    wanted = spec("english", checkpoint("english"), **changes)
    with caplog.at_level(logging.WARNING):
        ChatterboxEngine(wanted, "test").close()
    told = [record for record in caplog.records if record.name.startswith("bot.")]
    assert [record.getMessage() for record in told] == [
        'decode = "stock" makes these settings do nothing: precision'
    ]
    assert vars(told[0])["stage"] == "engine"
