"""Signs between words: "and" for "&"."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_TYPED = {"->": "→", "=>": "→", "<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_SIGN = r"(?:->|=>|<=|>=|!=|==|[&+=<>±×÷≈≠≤≥→√∞])"
_RUN = re.compile(rf"(\w|[)\"'.?!,%])?(\s*)({_SIGN}(?:\s*{_SIGN})*+)(\s*)(?=([\w(\"'])?)")
_EACH = re.compile(_SIGN)
_HEART = re.compile(r"(?:\s|^)<3+(?=$|[\s.,!?])")
_PRODUCT = re.compile(r"(?<=\d)\s?\*\s?(?=\d)|(?<=\d) x (?=\d)")
_QUOTIENT = re.compile(r"(?<=\d) / (?=\d)")
_AND_MORE = re.compile(
    r"(?<=\d)\+(?![\w+(√])(?!\s*[\w(√-])|(?<=\d[kKM])\+(?!\w)|(?<=\d)\+(?= [^\W\d_]{2})"
)
_BOUND = re.compile(r"(?:(?<=\s)|(?<=\()|^)(<=|>=|[<>≤≥≈])(?=[\d.])")
_PREFIXES = "√±"
_HEBREW_PREFIX = re.compile(r"(?<=[א-ת])[-־](?=\d)")
_ENTITY = re.compile(r"(?:amp|lt|gt|quot);")


def mark(text: str, words: NumberWords) -> str:
    """Drop "<3", which is a heart, unless nothing else is said, and make arithmetic of "2 * 3"."""
    if words.code == "he":
        text = _HEBREW_PREFIX.sub(" ", text)  # "ב-5" is "in 5"
    without = _HEART.sub("", text)
    text = without if re.search(r"\w", without) else text
    text = _QUOTIENT.sub("÷", _PRODUCT.sub("×", text))
    text = _AND_MORE.sub(f" {words.habits.signs['+']}", text)
    return _BOUND.sub(lambda match: _bound(match[1], words), text)


def _bound(sign: str, words: NumberWords) -> str:
    said = words.habits.signs[_TYPED.get(sign, sign)].removeprefix("is ")
    return said if words.habits.joined else f"{said} "


def read(text: str, words: NumberWords) -> str:
    """Say signs where words stand on both sides, and those that mean something alone.

    Of several signs in a row all are said, or none where one means nothing: "C++ and".
    """
    return _RUN.sub(lambda match: _run(match, words), text)


def _run(match: re.Match[str], words: NumberWords) -> str:
    before, _, run, _, after = match.groups()
    signs = [_TYPED.get(sign, sign) for sign in _EACH.findall(run)]
    entity = _ENTITY.match(match.string, match.end())
    if entity or not _mean_something(signs, bool(before), bool(after)):
        return match[0]
    said = words.join(words.habits.signs[sign] for sign in signs)
    if words.habits.joined:
        return (before or "") + said
    left = " " if before or match[2] else ""
    return (before or "") + left + said + (" " if after or match[4] else "")


def _mean_something(signs: list[str], word_before: bool, word_after: bool) -> bool:
    for index, sign in enumerate(signs):
        following = signs[index + 1] if index + 1 < len(signs) else ""
        operand_after = word_after if not following else following in _PREFIXES + "∞"
        operand_before = word_before if index == 0 else signs[index - 1] == "∞"
        if sign == "∞":
            continue
        if not operand_after or (sign not in _PREFIXES and not operand_before):
            return False
    return True
