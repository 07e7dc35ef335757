"""Numbers with what they count: money and units, in the forms that go with the number."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from bot.text.numbers.money import money
from bot.text.numbers.units import PER, UNITS, unit_name
from bot.text.numbers.words import NumberWords
from bot.text.numbers.written import NUMBER, parse, spaced, spoken

SIGN = r"(?:(?<![\w.,)/\]^-])[-−+±])?"

_SYMBOLS = r"US\$|A\$|C\$|R\$|[$€£¥￥₹₽₩₺₪₿]"
_LETTERS = r"kr\.?|RM|Rs\.?|USD|EUR|GBP|JPY|CHF|CAD|AUD"
_CENTS = re.compile(r"\d{1,9},\d\d")
_CODES = r"USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|RUB|PLN|SEK|NOK|DKK|BRL|MXN|KRW|TRY|ILS|zł|Kč"
_MANY = {
    "k": 3,
    "thousand": 3,
    "m": 6,
    "mn": 6,
    "mio": 6,
    "million": 6,
    "b": 9,
    "bn": 9,
    "billion": 9,
}
_BEFORE = re.compile(
    rf"(?<![\w$€£])({SIGN})({_SYMBOLS}|(?:{_LETTERS}))\s?({SIGN})({NUMBER})"
    r"(?:\s?(thousand|million|billion|bn|mn|[kKmMbB])\b)?(?![\w%])"
)
# The point of "руб." is also the end of the sentence where one ends.
_ROUBLES = re.compile(r"(?<=\d)\s?руб(?:\.(?=\s*[a-zа-яё,;)])|(?!\w))")
_AFTER = re.compile(rf"(?<![\w.,٬])({SIGN})({NUMBER})\s?({_SYMBOLS}|(?:{_CODES}|kr|RM)(?!\w))")


_POINT = r"(?:(\.)(?!\.))?"
"""Of an abbreviation: "5 min. later"; it is also the end of a sentence where one ends."""

_FEET_AND_INCHES = re.compile(
    r"(?<![\w.,])(\d{1,2})['’′](?:(\d{1,2})(?:[\"”″]|'')?| (\d{1,2})(?:[\"”″]|''))(?!\w)"
)
_INCHES = re.compile(r"(?<![\w.,])(\d{1,3}(?:\.\d{1,2})?)(?:[\"”″]|'')(?!\w)")
_FEET = re.compile(r"(?<![\w.,])(\d{1,3})['’′](?= (?:of|tall|high|long|wide|deep|x)\b)")
_MILLIONS = re.compile(r"(?<![\w.,])(\d{1,3}\.\d{1,3})M(?!\w)")
_PERCENT_BEFORE = re.compile(rf"(?<!\w)%\s?({NUMBER})")


def read(text: str, words: NumberWords) -> str:
    """Say amounts of money, percentages and units."""
    if words.code == "en":
        text = _english(text)
    if words.code == "ru":
        text = _ROUBLES.sub("₽", text)
    if words.code in ("tr", "ar"):
        text = _PERCENT_BEFORE.sub(r"\1%", text)
    text = _BEFORE.sub(lambda m: _money(m, m[1] or m[3], m[4], m[2], m[5], words), text)
    text = _AFTER.sub(lambda m: _money(m, m[1], m[2], m[3], None, words), text)
    text = _pattern(words).sub(lambda m: _unit(m, words), text)
    return _feet(words).sub(lambda m: _unit(m, words), text)


def _english(text: str) -> str:
    text = _FEET_AND_INCHES.sub(lambda m: f"{m[1]} ft {m[2] or m[3]} in", text)
    text = _FEET.sub(r"\1 ft", _INCHES.sub(_inches, text))
    return _MILLIONS.sub(r"\1 million", text)


def _inches(match: re.Match[str]) -> str:
    quotes = match.string.count('"', 0, match.start())
    return match[0] if quotes % 2 else f"{match[1]}in"  # else it may close a quotation


def signed(sign: str, said: str, words: NumberWords) -> str:
    """Put the word of a sign before a number."""
    return words.join([words.habits.signs[sign.replace("−", "-")], said]) if sign else said


def _money(
    match: re.Match[str], sign: str, written: str, symbol: str, many: str | None, words: NumberWords
) -> str:
    number = parse(written, words)
    if number is None and _CENTS.fullmatch(written):  # whatever the language's mark
        number = Decimal(written.replace(",", "."))
    if number is None:
        return match[0]
    if many:
        number *= Decimal(10) ** _MANY[many.lower()]
        number = number.quantize(Decimal(1)) if number == number.to_integral() else number
    return spaced(match, signed(sign, money(number, symbol, words), words), words)


@functools.lru_cache(maxsize=32)
def _pattern(words: NumberWords) -> re.Pattern[str]:
    names = sorted({*UNITS, *words.habits.units, *words.habits.own_units}, key=len, reverse=True)
    units = "|".join(map(re.escape, names))
    per = "|".join(map(re.escape, PER))
    symbol = rf"(?:{units})(?:/(?:{per}))?"
    return re.compile(rf"(?<![\w.,٬])({SIGN})({NUMBER})(\s?)({symbol})(?![\w/²³^]|\.\w){_POINT}")


@functools.lru_cache(maxsize=32)
def _feet(words: NumberWords) -> re.Pattern[str]:
    # "5 in" could begin "5 in the box".
    return re.compile(rf"(?<![\w.,٬])({SIGN})({NUMBER})()(in|inch)(?!\w){_POINT}")


_BEHIND_FEET = re.compile(r"\d\s?(?:ft|foot|feet)\s?$")


def _unit(match: re.Match[str], words: NumberWords) -> str:
    sign, written, space, symbol, point = match.groups()
    if not _is_meant(written, space, symbol):
        return match[0]
    if symbol == "in" and space and not _BEHIND_FEET.search(match.string[: match.start()]):
        return match[0]  # "3 in a row"
    said = unit_name(parse(written, words), spoken(written, words), symbol, words)
    goes_on = re.match(r"\s[^\W\d_A-Z]", match.string[match.end() :])
    said = signed(sign, said, words) + ("" if goes_on else point or "") if said else ""
    return spaced(match, said, words) if said else match[0]


def _is_meant(written: str, space: str, symbol: str) -> bool:
    if symbol in ("m", "A", "V", "W", "L", "l", "g", "h") and not space:
        return symbol in ("g", "h", "l", "L", "W", "V") and len(written) > 1
    # "the 90s" are years, "1990s" too.
    decade = symbol == "s" and not space and written.endswith("0") and len(written) in (2, 4)
    return not decade
