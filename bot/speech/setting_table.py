"""The settings of a voice: their ranges, their defaults, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.i18n import N_, Translatable
from bot.speech.delivery import FASTEST, LOUDEST_DB, SLOWEST, SOFTEST_DB


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a model: its range, its default, and what it does.

    default: None where there is no one value; `unset` says what is done instead. whole: whether it
    has no fractions. plain: what people call it, if not by the model's name.
    """

    lowest: float
    highest: float
    default: float | None
    meaning: str
    whole: bool = False
    plain: str = ""
    unset: str = "drawn anew"
    unit: str = ""

    @property
    def default_text(self) -> str:
        """The default in words."""
        return self.unset if self.default is None else f"{self.default:g}"


EXAGGERATION = Setting(
    0.25, 2.0, 0.5, N_("how lively the voice is; changes little in multilingual models")
)
CFG_WEIGHT = Setting(
    0.0,
    1.0,
    0.5,
    N_("how closely it keeps to the text; lower speaks slower"),
    plain=N_("pace"),
)
TEMPERATURE = Setting(0.05, 2.0, 0.8, N_("how much two readings differ"))
# Discord's whole numbers end there.
SEED = Setting(
    0, 2**53 - 1, None, N_("the same number reads a text the same way each time"), whole=True
)
TAKES = Setting(
    1,
    4,
    1,
    N_("readings of a sentence, of which the best is spoken; each takes a place"),
    whole=True,
)

ALL: Mapping[str, Setting] = {
    N_("exaggeration"): EXAGGERATION,
    "cfg_weight": CFG_WEIGHT,
    N_("temperature"): TEMPERATURE,
    N_("seed"): SEED,
    N_("takes"): TAKES,
}
"""Every setting, by the name of its field in `VoiceSettings`."""

DELIVERY: Mapping[str, Setting] = {
    N_("speed"): Setting(
        SLOWEST, FASTEST, None, N_("how fast it speaks, at the same pitch"), unset="the server's"
    ),
    "volume_db": Setting(
        SOFTEST_DB,
        LOUDEST_DB,
        None,
        N_("louder or softer than others, in decibels"),
        plain=N_("volume"),
        unset="the server's",
        unit=" dB",
    ),
}
"""What every voice of every engine has, by the name of its field in `DeliverySettings`."""

EVERY: Mapping[str, Setting] = {**ALL, **DELIVERY}


def number(value: float) -> str:
    """Return a setting's value as people write it."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def translatable_number(value: float) -> Translatable:
    """Return a setting's value as people write it, in any language."""
    return Translatable("{value}" if isinstance(value, int) else "{value:g}", value=value)


def measure(name: str, value: float) -> Translatable:
    """Return a setting's value with its unit."""
    unit = EVERY[name].unit
    return Translatable(("{value}" if isinstance(value, int) else "{value:g}") + unit, value=value)
