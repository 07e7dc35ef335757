"""What an engine can read by itself, and what is changed in a text for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.text.numbers import spell_out


@dataclass(frozen=True, slots=True)
class EngineReads:
    """What an engine makes of a text.

    numbers: whether it reads plain numbers, so that only what `beyond` finds needs words.
    beyond: signs and units that it reads wrongly or not at all.
    pauses: changes the text so that pauses fall where they belong.
    """

    numbers: bool
    beyond: re.Pattern[str] | None = None
    pauses: Callable[[str], str] = str

    def prepare(self, text: str, language: str | None) -> str:
        """Return cleaned `text` as the engine is to be asked for it."""
        if not self.numbers or (self.beyond and self.beyond.search(text)):
            text = spell_out(_TIMES.sub(" × ", text), language)
        return self.pauses(text)


_TIMES = re.compile(r"(?<=\d)\s?\*\s?(?=\d)")
_INITIALS = re.compile(r"\b([A-Z])\.(?=\s?[A-Z](?:\.|[a-z]))")
_TITLES = re.compile(
    r"\b(Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Hon|St|Sr|Jr|Lt|Col|Gen|Sgt|Capt|Maj|Cmdr|Gov|Sen|Rep|Pres|Messrs"
    r"|Mme|Mlle|Hr|Fr|Sra|Srta|Dra|Sig)\.(?=\s+[^\W\d_a-z])"
)
_ELLIPSIS = re.compile(r"\s*\.{3}\s*(?=[^\s.])")


def _espeak_pauses(text: str) -> str:
    # It ends a sentence after "Dr." and "J.", which Piper pauses at, and runs "wait...what"
    # together. A comma is a pause of 0.3 s.
    text = _TITLES.sub(r"\1", _INITIALS.sub(r"\1", text))
    return _ELLIPSIS.sub(", ", text).removeprefix(", ")


# As heard from espeak-ng 1.52 in Piper: "m²" is "m two", "km/h" "k m slash h", "$5" "dollar five",
# "10^2" "ten two", "3-5" "three five", a date has dashes, "3 < 5" loses its sign.
_ESPEAK_MISREADS = re.compile(
    r"[½¼¾⅐-⅞¹²³⁰-₉№℃℉°^<>=±×÷]|[$€£¥₹₽]|\d\s?[%*/+-]\s?\d|\d\s?(?:km/h|m/s|mph|kg|km|cm|mm|ml|GB|MB|kB|TB)\b"
    r"|\b\d{4}-\d\d-\d\d\b|\bv\d|\+\d"
)

ENGINE_READS: Mapping[str, EngineReads] = MappingProxyType(
    {
        "piper": EngineReads(numbers=True, beyond=_ESPEAK_MISREADS, pauses=_espeak_pauses),
        "chatterbox": EngineReads(numbers=False),
    }
)
"""By kind of engine."""


def reads_of(kind: str | None) -> EngineReads:
    """Return what an engine of `kind` reads; one that is not known reads words alone."""
    return ENGINE_READS.get(kind or "", EngineReads(numbers=False))
