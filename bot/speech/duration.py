"""How long a text takes to say, before it was said."""

from __future__ import annotations

from bot.text.sentences import letters

LETTERS_PER_SECOND = 14.0
"""Of read English, in letters as `bot.text.sentences.letters` counts them."""


def estimated_seconds(text: str) -> float:
    """Return about how many seconds `text` lasts when it is spoken."""
    return letters(text) / LETTERS_PER_SECOND
