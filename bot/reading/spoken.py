"""What is said of a message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A part of what is said, in one language, because an engine is told one a text.

    text: raw, to be cleaned with the message's names by `bot.text`. language: ISO 639-1 code.
    """

    text: str
    language: str
