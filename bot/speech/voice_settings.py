"""Which settings each model has, within which ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from bot.errors import UserError
from bot.speech.types import ChatterboxModel, VoiceSettings

if TYPE_CHECKING:
    from storage.types import VoiceProfile


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a model: its range, its default, and what it does."""

    lowest: float
    highest: float
    default: float
    meaning: str


Model: TypeAlias = ChatterboxModel | Literal["preview"]

EXAGGERATION = Setting(0.25, 2.0, 0.5, "how lively the voice is")
CFG_WEIGHT = Setting(0.0, 1.0, 0.5, "how closely it keeps to the text; lower speaks slower")
TEMPERATURE = Setting(0.05, 2.0, 0.8, "how much two readings differ")

ALL: Mapping[str, Setting] = {
    "exaggeration": EXAGGERATION,
    "cfg_weight": CFG_WEIGHT,
    "temperature": TEMPERATURE,
}
"""Every setting, by the name of its field in `VoiceSettings`."""

SETTINGS: Mapping[Model, Mapping[str, Setting]] = {
    "english": ALL,
    "multilingual": ALL,
    "turbo": {"temperature": TEMPERATURE},
    "preview": {},
}
"""By model and name. What a model lacks, it ignores."""


def settings_of(voice: VoiceProfile) -> VoiceSettings:
    """Return how a stored voice was set to speak."""
    return VoiceSettings(voice.exaggeration, voice.cfg_weight, voice.temperature)


def describe(settings: VoiceSettings) -> str:
    """Return what is set in a few words: "exaggeration 1.2, temperature 0.5"."""
    given = [f"{name} {value:g}" for name, value in asdict(settings).items() if value is not None]
    return ", ".join(given) or "the model's defaults"


def check_ranges(settings: VoiceSettings) -> None:
    """Raise `UserError`, which names the range, for a setting that no model takes."""
    for name, value in asdict(settings).items():
        if value is not None:
            _check_range(name, ALL[name], value)


def resolve(model: ChatterboxModel, settings: VoiceSettings) -> dict[str, float]:
    """Return every setting of `model`, given or by default.

    Raises `UserError` with the range when one is out of it.
    """
    given = asdict(settings)
    resolved = {}
    for name, setting in SETTINGS[model].items():
        value = setting.default if given[name] is None else float(given[name])
        _check_range(name, setting, value)
        resolved[name] = value
    return resolved


def ignored(model: Model, settings: VoiceSettings) -> tuple[str, ...]:
    """Return the names of the given settings that `model` does not have."""
    given = asdict(settings)
    return tuple(
        name for name, value in given.items() if value is not None and name not in SETTINGS[model]
    )


def ignored_note(model: Model, settings: VoiceSettings) -> tuple[str, ...]:
    """Return a sentence for whoever set what `model` does not have, or nothing."""
    names = ignored(model, settings)
    return (f"The {model} model ignores {' and '.join(names)}.",) if names else ()


def _check_range(name: str, setting: Setting, value: float) -> None:
    # Also refuses what is not a number at all.
    if not setting.lowest <= value <= setting.highest:
        raise UserError(
            f"{name} ({setting.meaning}) is between {setting.lowest:g} and "
            f"{setting.highest:g}; {value:g} is not."
        )
