"""The numbers that nothing else has read."""

from __future__ import annotations

import re

from bot.text.numbers.amounts import SIGN, signed
from bot.text.numbers.nouns import form_before
from bot.text.numbers.words import NumberWords
from bot.text.numbers.written import NUMBER, parse, spaced, spoken

_NUMBER_SIGN = re.compile(r"(?:№|(?<!\w)#|(?<!\w)[nN][°º])\s?(?=\d)")
_ABBREVIATED = {
    "en": r"\bNos?\. ?(?=\d)",
    **dict.fromkeys(("de", "nl", "sv", "da", "no"), r"\b[Nn]r\. ?(?=\d)"),
    "es": r"\b[Nn]\.º ?(?=\d)|\b[Nn]úm\. ?(?=\d)",
}
_SECTION = re.compile(r"§{1,2}\s?(?=\d)")
_NUMBER = re.compile(rf"({SIGN})({NUMBER})")
# Two of something is another word in Chinese than the number two.
_CHINESE_PAIR = re.compile(
    r"(?<![\d.,第])2(?=[个個只隻本张張条條位名件块塊元杯碗次天年周种種家辆輛台双雙对對层層间間头頭匹岁歲点點公里斤米倍]|分钟|分鐘)"
)
_KOREAN_COUNTED = re.compile(
    r"(?<![\d.,])([1-9]\d?)\s?(?=개(?!월)|명|살|시간|마리|권|장|잔|병|그루|송이|켤레|시(?!\w))"
)


def read(text: str, words: NumberWords) -> str:
    """Say every number that is left, so that no digit is."""
    number = words.habits.signs["#"]
    if words.code in _ABBREVIATED:
        text = re.sub(_ABBREVIATED[words.code], f"{number} ", text)
    text = _NUMBER_SIGN.sub(number if words.habits.joined else f"{number} ", text)
    if "§" in words.habits.signs:
        text = _SECTION.sub(f"{words.habits.signs['§']} ", text)
    if words.code == "zh":
        text = _CHINESE_PAIR.sub("两", text)
    if words.code == "ko":
        text = _KOREAN_COUNTED.sub(
            lambda m: f"{words.cardinal(int(m[1]), 'native-attributive')} ", text
        )
    return _NUMBER.sub(lambda match: _said(match, words), text)


def _said(match: re.Match[str], words: NumberWords) -> str:
    number = parse(match[2], words)
    form = ""
    if number is not None and number == number.to_integral():
        form = form_before(match.string[match.end() : match.end() + 42], int(number), words)
    return spaced(match, signed(match[1], spoken(match[2], words, form), words), words)
