"""Sounds that are written in square brackets, such as [laugh]: made, said by name, or left out."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.text.words import base_language

SOUNDS = ("clear throat", "sigh", "shush", "cough", "groan", "sniff", "gasp", "chuckle", "laugh")
"""What some engines can do where a text has it in brackets."""

UNBROKEN = "\u00a0"
"""Stands for the space within a sound, so that no text is cut there."""

_BRACKETS = re.compile(r"\[\s*([a-z]+(?:\s+[a-z]+)?)\s*\]", re.IGNORECASE)
_GAP_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?])")


def _spellings(sound: str) -> set[str]:
    verb, _, rest = sound.partition(" ")
    forms = {verb, f"{verb}s", f"{verb}es", f"{verb}ing", f"{verb.removesuffix('e')}ing"}
    return {f"{form} {rest}".strip() for form in forms}


_BY_SPELLING = {spelling: sound for sound in SOUNDS for spelling in _spellings(sound)} | {
    "laughter": "laugh"
}


def read_sounds(text: str, made: Collection[str], language: str | None) -> str:
    """Return `text` with the sounds that an engine has `made` for it in its own spelling.

    Of the others the name stays in English texts, where it is a word; elsewhere nothing stays,
    unless nothing else is said.
    """

    def named(match: re.Match[str]) -> str:
        sound = _sound(match)
        if sound in made:
            return f"[{sound.replace(' ', UNBROKEN)}]"
        return match[1] if sound else match[0]

    def without(match: re.Match[str]) -> str:
        return named(match) if _sound(match) in {"", *made} else ""

    if base_language(language) != "en":
        rest = _BRACKETS.sub(without, text)
        if rest == text or any(map(str.isalnum, rest)):
            return rest if rest == text else _tidy(rest)
    return _BRACKETS.sub(named, text)


def only_sounds(text: str, made: Collection[str]) -> str:
    """Return what `read_sounds` gave without any brackets but those of the sounds."""
    sounds = "|".join(re.escape(sound.replace(" ", UNBROKEN)) for sound in made) or "(?!)"
    pattern = re.compile(rf"(\[(?:{sounds})\])|[\[\]]")
    return _tidy(pattern.sub(lambda match: match[1] or " ", text))


def _sound(match: re.Match[str]) -> str:
    return _BY_SPELLING.get(" ".join(match[1].lower().split()), "")


def _tidy(text: str) -> str:
    return _GAP_BEFORE_MARK.sub("", " ".join(text.split(" "))).strip()
