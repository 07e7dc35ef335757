"""Ordinals: "1st", "2ème", "3º", "4e", "5-й"; decades: "the 90s"."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_DECADE = re.compile(r"(?<![\w.,'])(\d\d)?'?(\d0)'?s(?!\w)")
_BEFORE_DECADE = re.compile(
    r"\b(?:the|early|mid|late|my|his|her|their|our|your)[ -]$", re.IGNORECASE
)


def read(text: str, words: NumberWords) -> str:
    """Say ordinals in the languages that mark them by letters, and English decades."""
    for form, ending in words.habits.ordinal_endings.items():
        pattern = rf"(?<![\w.,])(\d{{1,6}})(?:{ending})(?!\w)"
        text = re.sub(pattern, lambda m, form=form: _ordinal(m, form, words), text)  # type: ignore[misc]
    return _DECADE.sub(lambda m: _decade(m, words), text) if words.code == "en" else text


def _ordinal(match: re.Match[str], form: str, words: NumberWords) -> str:
    if match[1].startswith("0"):
        return match[0]
    return words.ordinal(int(match[1]), form) or match[0]


def _decade(match: re.Match[str], words: NumberWords) -> str:
    century, tens = match[1], int(match[2])
    if century is None and not _BEFORE_DECADE.search(match.string[: match.start()]):
        return match[0]
    if tens in (0, 10):
        said = words.year(int(f"{century or ''}{match[2]}"))
        return f"{said}s" if century else match[0]
    plural = f"{words.cardinal(tens).removesuffix('y')}ies"
    return f"{words.cardinal(int(century))} {plural}" if century else plural
