"""What an engine can read by itself, and what is changed in a text for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.text import espeak
from bot.text.numbers import spell_out
from bot.text.sounds import only_sounds, read_sounds
from bot.text.words import spoken_language


def _as_typed(text: str, language: str | None) -> str:
    return text


@dataclass(frozen=True, slots=True)
class EngineReads:
    """What an engine, or a model of it, makes of a text.

    numbers: whether it reads plain numbers, so that only what `beyond` finds needs words.
    beyond: signs and units that it reads wrongly or not at all.
    respell: changes a text in a language so that it is read, and paused in, as it should be.
    marks: whether double quotes and square brackets do no harm.
    sounds: of `bot.text.sounds`, those that it makes.
    most_letters: of a piece, as `bot.text.sentences.letters` counts them; None: as configured.
    languages: ISO 639-1 codes of what it speaks, its own first; empty where that is not known.
    """

    numbers: bool
    beyond: re.Pattern[str] | None = None
    respell: Callable[[str, str | None], str] = _as_typed
    marks: bool = True
    sounds: tuple[str, ...] = ()
    most_letters: int | None = None
    languages: tuple[str, ...] = ()

    def language(self, language: str | None) -> str | None:
        """Return which language a text in `language` is read in; see `spoken_language`."""
        return spoken_language(language, self.languages) if self.languages else language

    def prepare(self, text: str, language: str | None) -> str:
        """Return cleaned `text` as it is to be cut for the engine."""
        text = read_sounds(text, self.sounds, language)
        if not self.numbers or (self.beyond and self.beyond.search(text)):
            text = spell_out(_TIMES.sub(" × ", text), language)
        if not self.marks:
            text = only_sounds(text, self.sounds)
        return self.respell(text, language)

    def finish(self, piece: str) -> str:
        """Return a piece of prepared text as the engine is to be asked for it."""
        if not self.marks:
            piece = _QUOTE.sub("", _INNER_QUOTE.sub(" ", piece.replace("״", '"')))
        return " ".join(piece.split())


# Where it alone parts two words, as in `she said:"yes"`. In Hebrew it is a part of abbreviations,
# also of those that names of emoji and units bring, with a mark of its own.
_INNER_QUOTE = re.compile(r'(?<=[^\s("\u05d0-\u05ea])"(?=\w)')
_QUOTE = re.compile(r'\s*"(?=[,.;:!?)])|"')

_TIMES = re.compile(r"(?<=\d)\s?\*\s?(?=\d)")

PIPER = EngineReads(numbers=True, beyond=espeak.MISREADS, respell=espeak.respell, languages=("en",))

WORDS = EngineReads(numbers=False, marks=False)
"""For an engine that reads words alone. Chatterbox makes a sigh of a double quote."""
