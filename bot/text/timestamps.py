"""Discord's timestamps in words: `<t:1700000000:R>` and the other styles.

Dates and phrases are those of Unicode's CLDR (data/times.toml). Times are said in UTC and say so,
because those who hear them can be anywhere.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

from bot.text.words import base_language

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELD = re.compile(r"'([^']*)'|EEEE|cccc|MMMM|M|d|y")
_UNITS = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)


def timestamp_words(seconds: int, style: str, language: str | None, now: datetime) -> str | None:
    """Return a moment in words; None where no calendar has it.

    seconds: since 1970. style: Discord's letter; an unknown one is taken for "f".
    """
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    known = _times()
    code = base_language(language)
    code = code if code in known else "en"
    if style == "R":
        return _relative(int((moment - now).total_seconds()), known[code], code)
    return _absolute(moment, style, known[code], code)


def _absolute(moment: datetime, style: str, texts: dict[str, Any], code: str) -> str:
    time = f"{_clock(moment, seconds=style in 'TS', code=code)} UTC"
    if style in "tT":
        return time
    date = _date(moment, texts, "full" if style == "F" else "long")
    return date if style in "dD" else f"{date}, {time}"


def _clock(moment: datetime, *, seconds: bool, code: str) -> str:
    ending = f":{moment:%S}" if seconds else ""
    if code != "en":
        return f"{moment.hour}:{moment:%M}{ending}"
    return f"{moment.hour % 12 or 12}:{moment:%M}{ending} {'PM' if moment.hour >= 12 else 'AM'}"


def _date(moment: datetime, texts: dict[str, Any], length: str) -> str:
    def field(match: re.Match[str]) -> str:
        values = {
            "EEEE": texts["days"][moment.weekday()],
            "cccc": texts["days"][moment.weekday()],
            "MMMM": texts["months"][moment.month - 1],
            "M": str(moment.month),
            "d": str(moment.day),
            "y": str(moment.year),
        }
        return str(values.get(match[0], match[1]))

    return _FIELD.sub(field, texts[length])


def _relative(seconds: int, texts: dict[str, Any], code: str) -> str:
    distance = max(1, abs(seconds))
    unit, length = next((unit, length) for unit, length in _UNITS if distance >= length)
    number = distance // length
    forms = texts["future" if seconds > 0 else "past"][unit]
    return str(forms.get(plural(number, code), forms["other"])).replace("{0}", str(number))


def plural(number: int, code: str) -> str:
    """Return CLDR's plural category of a whole number above 0 in one of the bot's languages.

    From https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
    """
    if rule := _RULES.get(code):
        return rule(number)
    return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    if number <= 2:
        return ("zero", "one", "two")[number]
    few, many = range(3, 11), range(11, 100)
    return "few" if number % 100 in few else "many" if number % 100 in many else "other"


def _slavic(number: int) -> str:
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"


_RULES: dict[str, Callable[[int], str]] = {
    "ar": _arabic,
    "he": lambda number: {1: "one", 2: "two"}.get(number, "other"),
    "pl": lambda number: "one" if number == 1 else _slavic(number),
    "ru": lambda number: "one" if number % 10 == 1 and number % 100 != 11 else _slavic(number),
    **dict.fromkeys(("ja", "ko", "ms", "zh"), lambda number: "other"),
}


@functools.cache
def _times() -> dict[str, Any]:
    file = resources.files("bot.text") / "data" / "times.toml"
    return tomllib.loads(file.read_text("utf-8"))
