"""What a text becomes when it is spoken with a dictionary."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import UserError
from bot.i18n import _, error_text
from bot.markup import literal
from bot.services import Services
from bot.speech.service import Utterance
from bot.text.dictionary import Dictionary
from cogs.mentions import names_in
from cogs.ui import Interaction, services_of

MAX_SHOWN = 600
"""Characters of what is spoken, in an answer of at most 2,000 with its marks."""

MAX_FIELD = 200
"""Characters of each of two texts in a field, which holds 1,024 with their marks."""


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


async def becomes(
    interaction: Interaction, text: str, language: str | None, dictionary: Dictionary
) -> dict[str, str]:
    """Return the field of a card that shows what a text becomes."""
    try:
        sentences = await services_of(interaction).speech.sentences(
            text, language=language, names=names_in(interaction, text), dictionary=dictionary
        )
    except UserError as error:  # such as that there is nothing to say
        said = f"*{error_text(error)}*"
    else:
        said = shown(" ".join(sentences), MAX_FIELD)
    return {"name": _("What it becomes"), "value": f"{shown(text, MAX_FIELD)}\n→ {said}"}


def shown(text: str, most: int = MAX_SHOWN) -> str:
    """Return a text as it is written, cut."""
    return literal(text if len(text) <= most else text[: most - 1] + "…")
