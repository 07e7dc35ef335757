from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.speech.models import MODELS
from bot.speech.types import (
    ChatterboxModel,
    EngineInfo,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from bot.speech.voice_settings import (
    SETTINGS,
    Model,
    check_ranges,
    describe,
    fewer_takes,
    ignored,
    ignored_notes,
    model_of,
    request_settings,
    sampling_values,
    setting_notes,
    takes_cost,
    takes_notes,
)

REQUEST = SynthesisRequest("Hello.", VoiceReference(Path("clip"), "0" * 64))


@pytest.mark.parametrize("model", MODELS)
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
        ("nano", "de", 1),
        ("multilingual", "de", 0),
        ("multilingual-v2", "de", 0),
        ("multilingual:pt-br", "de", 1),
        ("multilingual:pt-br", "pt", 0),
        ("multilingual:pt-br", "pt-BR", 0),
        ("multilingual:pt-br", None, 0),
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


def foreign(own: str | None, language: str | None, **settings: float) -> SynthesisRequest:
    voice = dataclasses.replace(REQUEST.voice, language=own)
    return SynthesisRequest("Hola.", voice, language, VoiceSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "own", "language", "spoken"),
    [
        ("multilingual", "en", "de", "German"),
        ("multilingual-v2", "en-GB", "pt-BR", "Portuguese"),
        ("multilingual", "de", None, "English"),
        ("multilingual:pt-br", "en", "pt", "Portuguese"),
        ("multilingual:pt-br", "en", "de", "Portuguese"),
        ("multilingual:pt-br", "en", None, "Portuguese"),
        ("english", "de", "en", "English"),
        ("english", "de", "de", "English"),
        ("english", "de", None, "English"),
    ],
)
def test_a_voice_that_speaks_another_language_is_kept_from_its_accent(
    model: ChatterboxModel, own: str, language: str | None, spoken: str
) -> None:
    wanted = foreign(own, language)
    assert request_settings(model, wanted).cfg_weight == 0
    (note,) = (note for note in ignored_notes(model, wanted) if "pace (cfg_weight) is 0" in note)
    assert f"recorded in {'German' if own == 'de' else 'English'} and speaks {spoken}" in note


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("multilingual", foreign("en", "en-US")),
        ("multilingual", foreign(None, "de")),
        ("multilingual", foreign("en", "de", cfg_weight=0.5)),
        ("multilingual", foreign("en", "de", cfg_weight=0.0)),
        ("multilingual:pt-br", foreign("pt", "de")),
        ("english", foreign("en-GB", "de")),
        ("english", foreign(None, "de")),
        ("english", foreign("de", "en", cfg_weight=0.5)),
        ("nano", foreign("de", "en")),
    ],
)
def test_elsewhere_the_guidance_is_as_set(model: ChatterboxModel, wanted: SynthesisRequest) -> None:
    assert request_settings(model, wanted) is wanted.settings
    assert not [note for note in ignored_notes(model, wanted) if "cfg_weight" in note]


@pytest.mark.parametrize("model", [*MODELS, "preview"])
def test_whoever_says_something_is_told_what_whoever_tunes_is(model: Model) -> None:
    for settings in (VoiceSettings(exaggeration=1.0), VoiceSettings(cfg_weight=0.3, seed=1)):
        said = ignored_notes(model, dataclasses.replace(REQUEST, language=None, settings=settings))
        assert said == setting_notes(model, settings)
    lively = dataclasses.replace(REQUEST, settings=VoiceSettings(exaggeration=1.0))
    told = "changes little" in " ".join(ignored_notes(model, lively))
    assert told == model.startswith("multilingual")


def test_whoever_tunes_is_told_what_changes_little() -> None:
    lively = VoiceSettings(exaggeration=1.0)
    for model in ("multilingual", "multilingual-v2", "multilingual:hi"):
        told = setting_notes(model, lively)  # type: ignore[arg-type]
        assert told == (f"Exaggeration changes little in the {model} model.",)
    assert setting_notes("multilingual", VoiceSettings(temperature=1.0)) == ()
    assert setting_notes("english", lively) == ()
    assert setting_notes("nano", lively) == ("The nano model ignores exaggeration.",)
    assert setting_notes("preview", lively) == ("The preview model ignores exaggeration.",)


LOADED = EngineInfo("chatterbox", "english", "cpu", True, "it is installed", 0.1, slots=4)
COST = (
    "3 takes of a sentence need 3 of the engine's 4 places and take longer than one: others wait "
    "sooner.",
)
ONE_TAKE = 'The engine makes one take, not 3: its operator has set [engine] decode = "stock".'


def test_what_takes_cost_is_said() -> None:
    takes = VoiceSettings(takes=3)
    assert takes_notes(takes, LOADED) == takes_cost(takes, LOADED) == COST
    on_gpu = dataclasses.replace(LOADED, device="cuda:0")
    assert "longer" not in takes_notes(takes, on_gpu)[0]


@pytest.mark.parametrize("settings", [VoiceSettings(), VoiceSettings(takes=1)])
def test_one_take_costs_nothing(settings: VoiceSettings) -> None:
    stock = dataclasses.replace(LOADED, decode="stock")
    assert takes_notes(settings, LOADED) == takes_notes(settings, stock) == ()
    assert takes_notes(settings, None, "stock") == ()


def test_takes_that_are_not_made_cost_nothing() -> None:
    takes = VoiceSettings(takes=3)
    few = dataclasses.replace(LOADED, slots=2)
    assert (takes_cost(takes, few), len(takes_notes(takes, few))) == ((), 1)
    preview = dataclasses.replace(LOADED, kind="piper", model="en_US-joe-medium", slots=1)
    assert takes_notes(takes, preview) == takes_cost(takes, preview) == ()


def test_of_several_engines_one_makes_all_takes_of_a_sentence() -> None:
    takes = VoiceSettings(takes=3)
    small = dataclasses.replace(LOADED, slots=4, largest=2)
    assert takes_cost(takes, small) == ()
    assert takes_notes(takes, small) == (fewer_takes(3, 2),)
    assert takes_cost(takes, dataclasses.replace(LOADED, slots=8, largest=4)) != ()


def test_stock_decode_is_named_and_not_slots() -> None:
    stock = dataclasses.replace(LOADED, decode="stock", slots=1)
    takes = VoiceSettings(takes=3)
    assert takes_notes(takes, stock) == takes_notes(takes, None, "stock") == (ONE_TAKE,)
    assert takes_cost(takes, stock) == ()
