"""The order in which what has digits or signs is read: what is most particular comes first."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.text.numbers import (
    amounts,
    dates,
    fractions,
    identifiers,
    ordinals,
    plain,
    powers,
    ranges,
    roman,
    signs,
    times,
)
from bot.text.numbers.words import NumberWords, words_of
from bot.text.numbers.written import join_scripts, mark_groups, part_scripts, plain_digits
from bot.text.words import base_language

_STEPS: tuple[Callable[[str, NumberWords], str], ...] = (
    signs.mark,
    ordinals.mark,
    mark_groups,
    identifiers.read,
    dates.read,
    times.read,
    fractions.read,
    powers.mark,
    ranges.read,
    amounts.read,
    powers.read,
    ordinals.read,
    roman.read,
    plain.read,
    signs.read,
)
_ANYTHING = re.compile(
    r"[\d^&+=<>±×÷√≈≠≤≥∞→№#²³¹⁰⁴-⁹₀-₉½¼¾⅐-⅞ºª]|[IVX]{2}|\b(?:[IVX]|[IVX]+(?:e|er|re|ère|ème))\b"
)


def spell_out(text: str, language: str | None) -> str:
    """Return `text` with numbers and signs in words of `language`, ISO 639-1, None for English.

    What is ambiguous is read digit by digit. A text in a language without number words is returned
    as it is, and so are words without digits and signs. Spelling out twice changes nothing more.
    """
    words = words_of(base_language(language))
    if words is None or not _ANYTHING.search(text):
        return text
    text = part_scripts(plain_digits(text))
    for step in _STEPS:
        try:
            text = step(text, words)
        except Exception:  # noqa: S112  what a library cannot spell stays typed
            continue
    return join_scripts(text)
