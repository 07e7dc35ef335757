"""What text each engine and model wants."""

from __future__ import annotations

import dataclasses

from bot.speech.models import MODELS, Model
from bot.speech.types import EngineKind
from bot.text.engine_reads import PIPER, WORDS, EngineReads

SECONDS_PER_LETTER = 0.1
"""What a slow speaker takes to say a letter, as `bot.text.sentences.letters` counts them; others
take 0.065 s."""


def reads_for(kind: EngineKind | None, model: str | None = None) -> EngineReads:
    """Return what an engine reads; of one that is not known, what all of them read.

    model: of Chatterbox; likewise.
    """
    if kind == "piper":
        return PIPER
    found = next((each for each in MODELS.values() if each.name == model), None)
    if kind != "chatterbox" or found is None:
        return ANY
    return dataclasses.replace(
        WORDS,
        sounds=found.sounds,
        most_letters=most_letters(found),
        languages=found.languages,
    )


def most_letters(model: Model) -> int | None:
    """Return how many letters a piece of text has at most that a model speaks well."""
    if model.piece_seconds is None:
        return None
    return int(model.piece_seconds / SECONDS_PER_LETTER)


ANY = dataclasses.replace(WORDS, most_letters=min(filter(None, map(most_letters, MODELS.values()))))
"""What every engine and model reads."""
