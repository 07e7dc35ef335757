"""Roman numerals after names: "Henry VIII", "World War II"."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from bot.text.numbers.words import NumberWords

_AFTER_NAME = re.compile(r"(?<![^\W\d])([^\W\d_]+)( )([IVX]{2,}(?=\d)|[IVX]+(?!\w))(?!['’.-]\w)")
_FRENCH = re.compile(r"(?<![^\W\d])([IVX]+)(e|ème|er|re|ère)(?![^\W\d])")
_ITALIAN_CENTURY = re.compile(r"(?<![^\W\d])([IVX]+)()(?= secolo\b)")
_VALID = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10}
_LANGUAGES = frozenset(("en", "de", "fr", "es", "it", "pt", "nl", "sv"))
_ONES = frozenset(("War", "Chapter", "Act", "Part", "Volume", "Kapitel", "Teil", "Weltkrieg"))
_NO_NUMBERS = frozenset(("XXX", "XX"))


def read(text: str, words: NumberWords) -> str:
    """Say the number that follows a name; letters that may be something else stay."""
    if words.code not in _LANGUAGES:
        return text
    if words.code == "it":
        text = _ITALIAN_CENTURY.sub(lambda m: _ordinal(m, words), text)
    if words.code == "fr":
        text = _FRENCH.sub(lambda m: _ordinal(m, words), text)
    return _AFTER_NAME.sub(lambda match: _numeral(match, words), text)


def _numeral(match: re.Match[str], words: NumberWords) -> str:
    name, space, roman = match.groups()
    ruler = name in _names("rulers")
    known = ruler or name in _names("things")
    if (
        not _VALID.fullmatch(roman)
        or (roman in _NO_NUMBERS and not known)
        or (roman == "I" and name not in _ONES)
    ):
        return match[0]
    if not known and (len(roman) == 1 or not name[0].isupper() or name.isupper()):
        return match[0]
    number = _value(roman)
    said = _ruler(number, words) if ruler else words.cardinal(number)
    return f"{name}{space}{said}"


def _ordinal(match: re.Match[str], words: NumberWords) -> str:
    form = "feminine" if match[2] in ("re", "ère") else "masculine"
    return words.ordinal(_value(match[1]), form) if _VALID.fullmatch(match[1]) else match[0]


def _value(roman: str) -> int:
    values = [_VALUES[letter] for letter in roman]
    following = [*values[1:], 0]
    return sum(-one if one < two else one for one, two in zip(values, following, strict=True))


def _ruler(number: int, words: NumberWords) -> str:
    """Return how the language counts those of one name."""
    if words.code == "en":
        return f"the {words.ordinal(number)}"
    if words.code == "de":
        return f"der {words.ordinal(number)}"
    if words.code == "nl":
        return f"de {words.ordinal(number)}"
    if words.code == "sv":
        return f"den {words.ordinal(number)}"
    if words.code == "it" or (words.code in ("es", "pt") and number <= 10):
        return words.ordinal(number)
    return words.cardinal(number)


@functools.cache
def _names(kind: str) -> frozenset[str]:
    file = resources.files("bot.text.numbers") / "data" / "names.toml"
    return frozenset(tomllib.loads(file.read_text("utf-8"))[kind].split())
