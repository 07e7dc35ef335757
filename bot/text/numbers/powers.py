"""Powers, and digits that are written higher or lower than the line."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords
from bot.text.numbers.written import NUMBER

_HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_HIGH_RUN = re.compile(r"(?<=[\w)\]])[⁰¹²³⁴-⁹⁻]+")
_LOW_RUN = re.compile(r"[₀-₉]+")
_STRAY = re.compile(r"[⁰¹²³⁴-⁹]+")
_POWER = re.compile(r"(?<=[\w)])\s?\^\s?\(?(-?\d{1,4}(?!\d)|[a-z])\)?(?![^\W\d]|\.\w)")
_BASE = re.compile(r"(?<!\w)\w$|[=+*/(\d-][a-zA-Z]{1,3}$")
_AREA = re.compile(r"\d ?(?:[a-z]{1,3}/)?(?:[kcdm]?m|[кс]?м|ft|in|(?<=/)s)$")
_LENGTH = re.compile(r"(?<!\w)[kcdm]?m$")  # "per km²"
_SCIENTIFIC = re.compile(rf"(?<![\w.,])({NUMBER})[eE]([+-]?\d{{1,3}})(?!\w)")


def mark(text: str, words: NumberWords) -> str:
    """Write them with a circumflex, or as what they are where they are no power; areas stay."""
    text = _HIGH_RUN.sub(_marked, text)
    text = _STRAY.sub(lambda match: match[0].translate(_HIGH), text)
    text = _LOW_RUN.sub(lambda match: match[0].translate(_LOW), text)
    times = words.habits.signs["×"]
    return _SCIENTIFIC.sub(rf"\1 {times} 10^\2", text) if words.habits.power else text


def _marked(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 6) : match.start()]
    digits = match[0].translate(_HIGH)
    if digits in ("2", "3") and _AREA.search(before):
        return digits  # "50 m2" is an area
    is_base = before[-1:].isdigit() or before[-1:] in ")]" or _BASE.search(before)
    is_base = is_base or _LENGTH.search(before)
    return f"^{digits}" if is_base else f" {digits}"


def read(text: str, words: NumberWords) -> str:
    """Say "squared", "cubed", "to the power of"."""
    return _POWER.sub(lambda match: _power(match[1], words), text)


def _power(exponent: str, words: NumberWords) -> str:
    habits = words.habits
    space = "" if habits.joined else " "
    named = {"2": habits.squared, "3": habits.cubed}.get(exponent)
    if named:
        return space + named
    number = exponent.removeprefix("-")
    said = words.cardinal(int(number)) if number.isdigit() else number
    if exponent.startswith("-"):
        said = words.join([habits.signs["-"], said])
    return space + habits.power.format(n=said) if habits.power else f" {said}"
