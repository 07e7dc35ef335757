"""What an engine can read by itself, and what is changed in a text for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.text import espeak
from bot.text.numbers import spell_out


def _as_typed(text: str, language: str | None) -> str:
    return text


@dataclass(frozen=True, slots=True)
class EngineReads:
    """What an engine makes of a text.

    numbers: whether it reads plain numbers, so that only what `beyond` finds needs words.
    beyond: signs and units that it reads wrongly or not at all.
    respell: changes a text in a language so that it is read, and paused in, as it should be.
    """

    numbers: bool
    beyond: re.Pattern[str] | None = None
    respell: Callable[[str, str | None], str] = _as_typed

    def prepare(self, text: str, language: str | None) -> str:
        """Return cleaned `text` as the engine is to be asked for it."""
        if not self.numbers or (self.beyond and self.beyond.search(text)):
            text = spell_out(_TIMES.sub(" × ", text), language)
        return self.respell(text, language)


_TIMES = re.compile(r"(?<=\d)\s?\*\s?(?=\d)")

ENGINE_READS: Mapping[str, EngineReads] = MappingProxyType(
    {
        "piper": EngineReads(numbers=True, beyond=espeak.MISREADS, respell=espeak.respell),
        "chatterbox": EngineReads(numbers=False),
    }
)
"""By kind of engine."""


def reads_of(kind: str | None) -> EngineReads:
    """Return what an engine of `kind` reads; one that is not known reads words alone."""
    return ENGINE_READS.get(kind or "", EngineReads(numbers=False))
