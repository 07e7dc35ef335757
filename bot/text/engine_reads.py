"""What an engine can read by itself, and what is changed in a text for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.text.numbers import spell_out
from bot.text.sounds import only_sounds, read_sounds


@dataclass(frozen=True, slots=True)
class EngineReads:
    """What an engine, or a model of it, makes of a text.

    numbers: whether it reads plain numbers, so that only what `beyond` finds needs words.
    beyond: signs and units that it reads wrongly or not at all.
    pauses: changes the text so that pauses fall where they belong.
    marks: whether double quotes and square brackets do no harm.
    sounds: of `bot.text.sounds`, those that it makes.
    most_letters: of a piece, as `bot.text.sentences.letters` counts them; None: as configured.
    language: what a text is taken for where nobody says; None for English.
    """

    numbers: bool
    beyond: re.Pattern[str] | None = None
    pauses: Callable[[str], str] = str
    marks: bool = True
    sounds: tuple[str, ...] = ()
    most_letters: int | None = None
    language: str | None = None

    def prepare(self, text: str, language: str | None) -> str:
        """Return cleaned `text` as it is to be cut for the engine."""
        text = read_sounds(text, self.sounds, language)
        if not self.numbers or (self.beyond and self.beyond.search(text)):
            text = spell_out(_TIMES.sub(" × ", text), language)
        if not self.marks:
            text = only_sounds(text, self.sounds)
        return self.pauses(text)

    def finish(self, piece: str) -> str:
        """Return a piece of prepared text as the engine is to be asked for it."""
        if not self.marks:
            piece = _QUOTE.sub("", _INNER_QUOTE.sub(" ", piece))
        return " ".join(piece.split())


# Where it alone parts two words, as in `she said:"yes"`.
_INNER_QUOTE = re.compile(r'(?<=[^\s("])"(?=\w)')
_QUOTE = re.compile(r'\s*"(?=[,.;:!?)])|"')

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

PIPER = EngineReads(numbers=True, beyond=_ESPEAK_MISREADS, pauses=_espeak_pauses)

WORDS = EngineReads(numbers=False, marks=False)
"""For an engine that reads words alone. Chatterbox makes a sigh of a double quote."""
