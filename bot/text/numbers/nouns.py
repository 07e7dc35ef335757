"""The form of a number before a noun, as far as the noun's ending tells it."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_NEXT = re.compile(r" ([^\W\d_]{3,40})(?!\w)")


def form_before(rest: str, number: int, words: NumberWords) -> str:
    """Return the form of `number` where `rest` follows it, "" for the plain one."""
    following = _NEXT.match(rest)
    endings = words.habits.nouns
    if not endings or following is None:
        return ""
    noun = following[1]
    if noun.casefold() in endings.get("none", "").split():
        return ""
    one = number % 10 == 1 and number % 100 != 11
    two = number % 10 == 2 and number % 100 != 12
    for form in ("feminine", "neuter", "masculine"):
        patterns = [endings.get(form), endings.get(f"{form}_one") if one else None]
        patterns.append(endings.get(f"{form}_two") if two else None)
        if any(pattern and re.fullmatch(pattern, noun) for pattern in patterns):
            return form
    return ""
