"""What a text becomes when it is spoken with a dictionary."""

from __future__ import annotations

from dataclasses import replace

from bot.client import Services
from bot.errors import UserError
from bot.i18n import _
from bot.markup import literal
from bot.speech.service import Utterance

MAX_SHOWN = 600
"""Characters of what is spoken, in an answer of at most 2,000 with its marks."""


async def dictionary_notes(services: Services, utterance: Utterance) -> tuple[str, ...]:
    """Return what a member is told of an utterance that its dictionary changed; else nothing.

    Raises UserError where there is nothing to say.
    """
    if utterance.dictionary is None:
        return ()
    spoken = await services.speech.planned(utterance)
    plain = replace(utterance, dictionary=None, sentences=None)
    try:
        if spoken.sentences == (await services.speech.planned(plain)).sentences:
            return ()
    except UserError:  # without the dictionary, there is nothing to say
        pass
    return (_("Spoken: {text}").format(text=shown(" ".join(spoken.sentences or ()))),)


def shown(text: str, most: int = MAX_SHOWN) -> str:
    """Return a text as it is written, cut."""
    return literal(text if len(text) <= most else text[: most - 1] + "…")
