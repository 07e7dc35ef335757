"""Which settings each model has, within which ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bot.errors import UserError
from bot.speech.types import ChatterboxModel, VoiceSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a model: its range, its default, and what it does."""

    lowest: float
    highest: float
    default: float
    meaning: str


_EXAGGERATION = Setting(0.25, 2.0, 0.5, "how lively the voice is")
_CFG_WEIGHT = Setting(0.0, 1.0, 0.5, "how closely it keeps to the text; lower speaks slower")
_TEMPERATURE = Setting(0.05, 2.0, 0.8, "how much two readings differ")

_ALL = {
    "exaggeration": _EXAGGERATION,
    "cfg_weight": _CFG_WEIGHT,
    "temperature": _TEMPERATURE,
}

SETTINGS: Mapping[ChatterboxModel, Mapping[str, Setting]] = {
    "english": _ALL,
    "multilingual": _ALL,
    "turbo": {"temperature": _TEMPERATURE},
}
"""By model and name. What a model lacks, it ignores."""


def resolve(model: ChatterboxModel, settings: VoiceSettings) -> dict[str, float]:
    """Return every setting of `model`, given or by default.

    Raises `UserError` with the range when one is out of it.
    """
    given = asdict(settings)
    resolved = {}
    for name, setting in SETTINGS[model].items():
        value = setting.default if given[name] is None else float(given[name])
        # Also refuses what is not a number at all.
        if not setting.lowest <= value <= setting.highest:
            raise UserError(
                f"{name} ({setting.meaning}) is between {setting.lowest:g} and "
                f"{setting.highest:g}; {value:g} is not."
            )
        resolved[name] = value
    return resolved


def ignored(model: ChatterboxModel, settings: VoiceSettings) -> tuple[str, ...]:
    """Return the names of the given settings that `model` does not have."""
    given = asdict(settings)
    return tuple(
        name for name, value in given.items() if value is not None and name not in SETTINGS[model]
    )


def ignored_note(model: ChatterboxModel, settings: VoiceSettings) -> tuple[str, ...]:
    """Return a sentence for whoever set what `model` does not have, or nothing."""
    names = ignored(model, settings)
    return (f"The {model} model ignores {' and '.join(names)}.",) if names else ()
