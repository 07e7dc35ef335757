"""Ordinals: "1st", "2ème", "3º", "4e", "5-й"; decades: "the 90s"."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_POINTED = frozenset(("da", "no", "fi", "tr"))
_COUNTED = re.compile(r"(?<![\w.,:/-])(\d{1,3})\.(?= [^\W\d_A-ZÆØÅÄÖÜÇĞİŞ])")
_GERMAN = re.compile(
    r"\b((?:der|die|das|dem|den|im|am|vom|zum|beim|zur) )(\d{1,3})\.(?= [A-ZÄÖÜ][a-zäöüß])",
    re.IGNORECASE,
)
_GERMAN_DECADE = re.compile(r"(?<![\w.,])(\d{1,4})er(?=[ ,.!?]|$)")
_DECADE = re.compile(r"(?<![\w.,])(['’])?(\d\d)?(\d0)'?s(?!\w)")
_BEFORE_DECADE = re.compile(
    r"\b(?:the|early|mid|late|my|his|her|their|our|your)[ -]$", re.IGNORECASE
)


def read(text: str, words: NumberWords) -> str:
    """Say ordinals in the languages that mark them by letters, and English decades."""
    for form, ending in words.habits.ordinal_endings.items():
        pattern = rf"(?<![\w.,])(\d{{1,6}}|\d{{1,3}},\d{{3}})(?:{ending})(?!\w)"
        text = re.sub(pattern, lambda m, form=form: _ordinal(m, form, words), text)  # type: ignore[misc]
    text = _pointed(text, words)
    return _DECADE.sub(lambda m: _decade(m, words), text) if words.code == "en" else text


def _ordinal(match: re.Match[str], form: str, words: NumberWords) -> str:
    if match[1].startswith("0"):
        return match[0]
    return words.ordinal(int(match[1].replace(",", "")), form) or match[0]


def _decade(match: re.Match[str], words: NumberWords) -> str:
    century, tens = match[2], int(match[3])
    bare = century is None and match[1] is None
    if bare and not _BEFORE_DECADE.search(match.string[: match.start()]):
        return match[0]
    if tens in (0, 10):
        said = words.year(int(f"{century or ''}{match[3]}"))
        return f"{said}s" if century else match[0]
    plural = f"{words.cardinal(tens).removesuffix('y')}ies"
    return f"{words.cardinal(int(century))} {plural}" if century else plural


def _pointed(text: str, words: NumberWords) -> str:
    """Read "3." before a word that it counts; a number at the end of a sentence stays."""
    if words.code == "de":
        text = _GERMAN.sub(lambda m: _german(m, words), text)
        return _GERMAN_DECADE.sub(lambda m: f"{words.year(int(m[1]))}er", text)
    if words.code in _POINTED:
        return _COUNTED.sub(lambda m: words.ordinal(int(m[1])) or m[0], text)
    return text


def _german(match: re.Match[str], words: NumberWords) -> str:
    weak = match[1].casefold().strip() not in ("der", "die", "das")
    return match[1] + words.ordinal(int(match[2]), "n" if weak else "")
