from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.speech.types import (
    ChatterboxModel,
    EngineInfo,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from bot.speech.voice_settings import (
    SETTINGS,
    check_ranges,
    describe,
    ignored,
    ignored_notes,
    model_of,
    sampling_values,
)

REQUEST = SynthesisRequest("Hello.", VoiceReference(Path("clip"), "0" * 64))


@pytest.mark.parametrize("model", ["english", "turbo", "multilingual"])
def test_what_is_not_given_is_the_models_default(model: ChatterboxModel) -> None:
    defaults = {name: setting.default for name, setting in SETTINGS[model].items()}
    assert (defaults.pop("seed"), defaults.pop("takes")) == (None, 1)
    assert sampling_values(model, VoiceSettings()) == defaults


def test_what_is_given_is_taken() -> None:
    values = sampling_values("english", VoiceSettings(cfg_weight=0.0, temperature=0.6, seed=1))
    assert values == {"exaggeration": 0.5, "cfg_weight": 0.0, "temperature": 0.6}


@pytest.mark.parametrize("value", [-0.1, 2.1, math.nan, math.inf])
def test_what_is_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(UserError, match=r"exaggeration .* is between 0\.25 and 2"):
        sampling_values("english", VoiceSettings(exaggeration=value))


def test_what_the_model_ignores_is_said() -> None:
    settings = VoiceSettings(exaggeration=9.0, cfg_weight=0.1, temperature=0.5, seed=1)
    assert ignored("turbo", settings) == (
        "The turbo model ignores exaggeration and pace (cfg_weight).",
    )
    assert ignored("english", settings) == ()
    assert ignored("preview", VoiceSettings(seed=1)) == ()
    assert sampling_values("turbo", settings) == {"temperature": 0.5}


@pytest.mark.parametrize(
    ("model", "language", "notes"),
    [
        ("english", None, 0),
        ("english", "en-GB", 0),
        ("english", "de", 1),
        ("turbo", "de", 1),
        ("preview", "de", 1),
        ("multilingual", "de", 0),
    ],
)
def test_a_language_that_the_model_does_not_speak_is_said(
    model: ChatterboxModel, language: str | None, notes: int
) -> None:
    said = ignored_notes(model, dataclasses.replace(REQUEST, language=language))
    assert [note.count(f"The {model} model") * note.count("German") for note in said] == [1] * notes


def test_what_is_no_chatterbox_is_a_preview() -> None:
    piper = EngineInfo("piper", "en_US-joe-medium", "cpu", False, "it is installed", 0.1)
    assert model_of(piper) == "preview"
    assert model_of(dataclasses.replace(piper, kind="chatterbox", model="turbo")) == "turbo"


def test_a_requests_settings_come_before_the_voices() -> None:
    voice = VoiceSettings(exaggeration=1.0, temperature=0.5, seed=1)
    assert VoiceSettings(temperature=0.9, seed=0).over(voice) == VoiceSettings(1.0, None, 0.9, 0)


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        (VoiceSettings(cfg_weight=1.01), "1.01"),
        (VoiceSettings(temperature=math.nan), "nan"),
        (VoiceSettings(seed=2**53), "9007199254740992"),
    ],
)
def test_ranges_are_checked_whatever_the_model(settings: VoiceSettings, value: str) -> None:
    with pytest.raises(UserError, match=f"is between .*; {value} is not"):
        check_ranges(settings)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    check_ranges(VoiceSettings(0.25, 0.0, 0.05, 0))
    check_ranges(VoiceSettings(2.0, 1.0, 2.0, 2**53 - 1))


def test_settings_are_described_by_what_is_set() -> None:
    assert describe(VoiceSettings()) == "the model's defaults"
    described = "exaggeration 1.25, temperature 0.5, seed 12345678"
    assert describe(VoiceSettings(1.25, None, 0.5, 12345678)) == described
