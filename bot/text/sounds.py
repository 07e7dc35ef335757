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
_GAP_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?。，、！？；：،؛؟।)])")
_SPACES = re.compile(" {2,}")
_EMPTY = re.compile(r"\(\s*\)")
_LETTER = re.compile(r"\w")
_END = re.compile(r"[\w,.;:!?…。，、！？；：،؛؟।)\]]")  # of a word, or a mark behind one
_BEGINNING = re.compile(r"[\w¿¡(\[]")


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
            return _parted(match, f"[{sound.replace(' ', UNBROKEN)}]", _LETTER, _LETTER)
        return _parted(match, match[1], _END, _BEGINNING) if sound else match[0]

    def without(match: re.Match[str]) -> str:
        if _sound(match) in {"", *made}:
            return named(match)
        return _parted(match, "", _END, _BEGINNING) and " "

    if base_language(language) != "en":
        rest = _BRACKETS.sub(without, text)
        if rest == text or any(map(str.isalnum, rest)):
            return rest if rest == text else _tidy(_EMPTY.sub("", rest))
    return _SPACES.sub(" ", _BRACKETS.sub(named, text)).strip(" ")


def only_sounds(text: str, made: Collection[str]) -> str:
    """Return what `read_sounds` gave without any brackets but those of the sounds."""
    sounds = "|".join(re.escape(sound.replace(" ", UNBROKEN)) for sound in made) or "(?!)"
    pattern = re.compile(rf"(\[(?:{sounds})\])|[\[\]]")
    return _tidy(pattern.sub(lambda match: match[1] or " ", text))


def _parted(match: re.Match[str], said: str, left: re.Pattern[str], right: re.Pattern[str]) -> str:
    """Return `said` with spaces where it would be glued to what stands beside."""
    text, start, end = match.string, match.start(), match.end()
    before = " " if start and left.match(text, start - 1) else ""
    behind = " " if right.match(text, end) else ""
    return f"{before}{said}{behind}"


def _sound(match: re.Match[str]) -> str:
    return _BY_SPELLING.get(" ".join(match[1].lower().split()), "")


def _tidy(text: str) -> str:
    return _GAP_BEFORE_MARK.sub("", _SPACES.sub(" ", text)).strip()
