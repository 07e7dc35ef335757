from __future__ import annotations

import math

import pytest

from bot.errors import UserError
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import SETTINGS, check_ranges, describe, ignored_note, resolve


@pytest.mark.parametrize("model", ["english", "turbo", "multilingual"])
def test_what_is_not_given_is_the_models_default(model: str) -> None:
    resolved = resolve(model, VoiceSettings())  # type: ignore[arg-type]
    assert resolved == {n: s.default for n, s in SETTINGS[model].items()}  # type: ignore[index]


def test_what_is_given_is_taken() -> None:
    resolved = resolve("english", VoiceSettings(cfg_weight=0.0, temperature=0.6))
    assert resolved == {"exaggeration": 0.5, "cfg_weight": 0.0, "temperature": 0.6}


@pytest.mark.parametrize("value", [-0.1, 2.1, math.nan, math.inf])
def test_what_is_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(UserError, match=r"exaggeration .* is between 0\.25 and 2"):
        resolve("english", VoiceSettings(exaggeration=value))


def test_what_the_model_ignores_is_said() -> None:
    settings = VoiceSettings(exaggeration=9.0, cfg_weight=0.1, temperature=0.5)
    note = "The turbo model ignores exaggeration and cfg_weight."
    assert ignored_note("turbo", settings) == (note,)
    assert ignored_note("english", settings) == ()
    assert ignored_note("preview", VoiceSettings()) == ()
    assert resolve("turbo", settings) == {"temperature": 0.5}


def test_a_requests_settings_come_before_the_voices() -> None:
    voice = VoiceSettings(exaggeration=1.0, temperature=0.5)
    assert VoiceSettings(temperature=0.9).over(voice) == VoiceSettings(1.0, None, 0.9)


@pytest.mark.parametrize(
    "settings", [VoiceSettings(cfg_weight=1.01), VoiceSettings(temperature=math.nan)]
)
def test_ranges_are_checked_whatever_the_model(settings: VoiceSettings) -> None:
    with pytest.raises(UserError, match=r"is between .*; (1\.01|nan) is not"):
        check_ranges(settings)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    check_ranges(VoiceSettings(0.25, 0.0, 0.05))
    check_ranges(VoiceSettings(2.0, 1.0, 2.0))


def test_settings_are_described_by_what_is_set() -> None:
    assert describe(VoiceSettings()) == "the model's defaults"
    assert describe(VoiceSettings(1.25, None, 0.5)) == "exaggeration 1.25, temperature 0.5"
