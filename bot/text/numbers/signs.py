"""Signs between words: "and" for "&"."""

from __future__ import annotations

import functools
import re

from bot.text.numbers.words import NumberWords

_BETWEEN = "&+=<>±×÷≈≠≤≥→"
_BEFORE = "√±"


def read(text: str, words: NumberWords) -> str:
    """Say signs where words stand on both sides, and those that mean something alone."""
    text = _between().sub(lambda match: _said(match, words), text)
    text = _root().sub(lambda match: _said(match, words), text)
    return text.replace("∞", words.habits.signs["∞"])


def _said(match: re.Match[str], words: NumberWords) -> str:
    said = words.habits.signs[match[1]]
    return said if words.habits.joined else f" {said} ".lstrip(" " if match.start() == 0 else "")


@functools.cache
def _between() -> re.Pattern[str]:
    return re.compile(rf"(?<=[\w)\"'!?.∞])\s*([{re.escape(_BETWEEN)}])\s*(?=[\w(\"'√∞])(?!\w*;)")


@functools.cache
def _root() -> re.Pattern[str]:
    return re.compile(rf"\s?([{_BEFORE}])\s?(?=\w)")
