"""Fractions: "1/2", "1½", "¾"; two numbers with a slash that are none: "24/7"."""

from __future__ import annotations

import re
import unicodedata

from bot.text.numbers.words import NumberWords

_VULGAR = re.compile(r"(?:(?<![\d.,/])(\d{1,4}) ?)?([½¼¾⅐-⅞])")
_WRITTEN = re.compile(r"(?<![\w.,/-])(?:(\d{1,4}) )?(\d{1,4})[/⁄](\d{1,4})(?![\w/]|[.,]\d)")


def read(text: str, words: NumberWords) -> str:
    """Say fractions that have a name; of others the two numbers, one after the other."""
    text = _VULGAR.sub(lambda match: _vulgar(match, words), text)
    return _WRITTEN.sub(lambda match: _written(match, words), text)


def _vulgar(match: re.Match[str], words: NumberWords) -> str:
    above, _, below = unicodedata.normalize("NFKC", match[2]).partition("⁄")
    name = words.habits.fractions.get(f"{above}/{below}") or words.join(
        [words.cardinal(int(above)), words.habits.signs["÷"], words.cardinal(int(below))]
    )
    after = " " if match.string[match.end() : match.end() + 1].isalnum() else ""
    before = " " if match[1] is None and match.string[: match.start()][-1:].isalnum() else ""
    return before + _mixed(match[1], name, words) + after


def _written(match: re.Match[str], words: NumberWords) -> str:
    name = words.habits.fractions.get(f"{match[2]}/{match[3]}")
    if name is None:
        return " ".join(number for number in match.groups() if number)
    return _mixed(match[1], name, words)


def _mixed(whole: str | None, name: str, words: NumberWords) -> str:
    if whole is None:
        return name
    said = words.cardinal(int(whole)) if not whole.startswith("0") else words.digits(whole)
    if name == words.habits.fractions["1/2"] and words.habits.mixed_half:
        gender = words.habits.gender or ""
        return words.habits.mixed_half.format(n=words.cardinal(int(whole), gender))
    return (
        words.habits.mixed.format(n=said, f=name.replace("one ", "a "))
        if words.habits.mixed
        else f"{said} {name}"
    )
