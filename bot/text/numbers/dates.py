"""Dates in digits; years after a month or a word such as "in"."""

from __future__ import annotations

import datetime
import functools
import re

from bot.text.numbers.words import NumberWords

_ISO = re.compile(r"(?<![\w./-])(\d{4})([-/])(\d\d?)\2(\d\d?)(?![\w/-])")
_DOTTED = re.compile(
    r"(?:\b(am|vom|zum|bis|ab|seit|dem|den) )?"
    r"(?<![\w./-])(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})(?![\w/-]|\.\d)"
)
_SLASHED = re.compile(r"(?<![\w./-])(\d\d?)([/-])(\d\d?)\2(\d{4})(?![\w/-])")
_UNCLEAR = re.compile(r"(?<![\w./-])\d{1,4}(?:/\d{1,4}){2}(?![\w/-])")
_CHINESE_YEAR = re.compile(r"(?<!\d)(\d{4})(?=\s?年(?!前|后|间))")
_KOREAN_MONTH = re.compile(r"(?<!\d)(6|10)\s?(?=월)")
_GERMAN_DATIVE = frozenset(("am", "vom", "zum", "dem", "den", "bis", "ab", "seit"))
_ENGLISH_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Sept",
    "Oct",
    "Nov",
    "Dec",
)
_RUSSIAN_YEAR = re.compile(r"\b([Вв] )?(\d{4}) (год|года|году)\b")
_FIRST_YEAR, _LAST_YEAR = 1100, 2099


def read(text: str, words: NumberWords) -> str:
    """Say dates in words; digit by digit where day and month could be either."""
    text = _ISO.sub(lambda m: _date(m[0], m[1], m[3], m[4], words), text)
    text = _DOTTED.sub(lambda m: _dotted(m, words), text)
    text = _SLASHED.sub(lambda m: _slashed(m, words), text)
    text = _UNCLEAR.sub(lambda m: words.digits(m[0]), text)
    if words.code == "zh":
        text = _CHINESE_YEAR.sub(lambda m: words.digits(m[1]), text)
    if words.code == "ko":
        text = _KOREAN_MONTH.sub(lambda m: "유" if m[1] == "6" else "시", text)
    return _years(_days(text, words), words)


def _dotted(match: re.Match[str], words: NumberWords) -> str:
    before, day, month, year = match.groups()
    written = match[0][len(before) + 1 :] if before else match[0]
    said = _date(written, year, month, day, words)
    if before and words.code == "de" and 0 < int(day) < 32:
        said = said.replace(words.ordinal(int(day)), words.ordinal(int(day), "n"), 1)
    return f"{before} {said}" if before else said


def _slashed(match: re.Match[str], words: NumberWords) -> str:
    first, second = int(match[1]), int(match[3])
    day_first = words.habits.date_order == "dmy" or first > 12
    if words.habits.date_order != "dmy" and (first > 12) == (second > 12) and first != second:
        return words.digits(match[0])
    day, month = (first, second) if day_first else (second, first)
    return _date(match[0], match[4], str(month), str(day), words)


def _date(written: str, year: str, month: str, day: str, words: NumberWords) -> str:
    try:
        datetime.date(int(year), int(month), int(day))
    except ValueError:
        return words.digits(written)
    pattern = words.habits.date
    said = {"day": _day(int(day), words), "month": _month(int(month), words)}
    return pattern.format(**said, year=_year(int(year), words))


def _day(day: int, words: NumberWords) -> str:
    form = words.habits.day
    if day == 1 and words.habits.first_day:
        return words.habits.first_day
    if form.startswith("ordinal"):
        return words.ordinal(day, form.partition("-")[2]) or words.cardinal(day)
    return words.cardinal(day)


def _month(month: int, words: NumberWords) -> str:
    if words.habits.date_order != "ymd":
        return str(words.locale.months["format"]["wide"][month])
    irregular = {6: "유", 10: "시"} if words.code == "ko" else {}
    return irregular.get(month) or words.cardinal(month)


def _year(year: int, words: NumberWords) -> str:
    form = words.habits.date_year
    if form == "digits":
        return words.digits(str(year))
    if form.startswith("ordinal"):
        return words.ordinal(year, form.partition("-")[2])
    return words.year(year)


@functools.lru_cache(maxsize=32)
def _months(words: NumberWords) -> str:
    names = {*words.locale.months["format"]["wide"].values()}
    names |= {*words.locale.months["stand-alone"]["wide"].values()}
    if words.code == "en":
        names.update(_ENGLISH_MONTHS)
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _days(text: str, words: NumberWords) -> str:
    """Read the day before or after the name of a month as the ordinal that it is."""
    if words.code == "en":
        pattern = rf"\b((?:{_months(words)})\.? )(\d\d?)(?:st|nd|rd|th)?(?![\w:%]|[.,/-]\d)"
        return re.sub(pattern, lambda m: m[1] + _day_or_typed(m[2], words), text)
    if words.code == "ru":  # "on the first of May"
        pattern = rf"(?<![\w.,:/-])(\d\d?)(?= (?:{_months(words)})\b)"
        return re.sub(pattern, lambda m: words.ordinal(int(m[1]), "neuter-genitive"), text)
    if words.habits.day.startswith("ordinal") or words.code == "tr":
        pattern = rf"(\b\w+ )?(?<![\w.,:/-])(\d\d?)\.(?= (?:{_months(words)})\b)"
        return re.sub(pattern, lambda m: _dotted_day(m, words), text, flags=re.IGNORECASE)
    return text


def _dotted_day(match: re.Match[str], words: NumberWords) -> str:
    before, day = match[1] or "", int(match[2])
    if before.strip().casefold() in _GERMAN_DATIVE and words.code == "de" and 0 < day < 32:
        return before + words.ordinal(day, "n")
    return before + _day_or_typed(match[2], words)


def _day_or_typed(day: str, words: NumberWords) -> str:
    return _day(int(day), words) if 0 < int(day) < 32 else day


def _years(text: str, words: NumberWords) -> str:
    if words.code == "ru":
        return _RUSSIAN_YEAR.sub(lambda m: _russian_year(m, words), text)
    if words.habits.year == words.habits.plain:
        return text
    after = "|".join([_months(words), *map(re.escape, words.habits.year_after)])
    day = r"(?: [a-z-]+,)?" if words.code == "en" else ""
    pattern = rf"\b((?:{after})\.?{day} )(\d{{4}})(?![\w%°/:]|[.,-]\d| ?[€$£%])"
    return re.sub(pattern, lambda m: m[1] + _year_or_typed(m[2], words), text, flags=re.IGNORECASE)


def _russian_year(match: re.Match[str], words: NumberWords) -> str:
    within, year, noun = match.groups()
    form = {"год": "", "года": "-genitive", "году": "-locative" if within else "-dative"}[noun]
    return f"{within or ''}{words.ordinal(int(year), f'masculine{form}')} {noun}"


def _year_or_typed(year: str, words: NumberWords) -> str:
    return words.year(int(year)) if _FIRST_YEAR <= int(year) <= _LAST_YEAR else year
