"""Ranges and scores: "3–5", "10-20", "1990-1995", "2-1"; a hyphen before a number: "COVID-19"."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_NUMBER = r"([$€£]?)(\d{1,6}(?:[.,]\d{1,3})?)"
_PAIR = re.compile(rf"(?<![\w.,:/-]){_NUMBER}(-| ?– ?){_NUMBER}(?!\d|[\w-]*-|[/:]\d)")
_AFTER_LETTER = re.compile(r"(?<=[^\W\d_])[-–](?=\d)")
_MINUS = re.compile(r"(?<=\d)\s?[-–−]\s?(?=\d+\s?=)")


def read(text: str, words: NumberWords) -> str:
    """Put a word, or nothing, where a hyphen stands between two numbers; numbers stay digits."""
    minus = words.habits.signs["-"]
    text = _MINUS.sub(f" {minus} ", text)
    text = _PAIR.sub(lambda match: _pair(match, words), text)
    return _AFTER_LETTER.sub(" ", text)


def _pair(match: re.Match[str], words: NumberWords) -> str:
    first, second = match[2], match[5]
    first_said, second_said = match[1] + first, match[4] + second
    rising = float(first.replace(",", ".")) < float(second.replace(",", "."))
    alike = abs(len(first) - len(second)) < 2 or "–" in match[3] or "." in first + second
    if rising and alike and not first.startswith("00"):
        to = words.habits.to
        years = words.habits.year != words.habits.plain and _are_years(first, second)
        if years:
            first_said, second_said = words.year(int(first)), words.year(int(second))
        if words.code == "ko":
            return f"{first_said}{to} {second_said}"
        return words.join([first_said, to, second_said]) if to else f"{first_said} {second_said}"
    return f"{first_said} {second_said}"


def _are_years(first: str, second: str) -> bool:
    return all(len(year) == 4 and "1100" <= year <= "2099" for year in (first, second))
