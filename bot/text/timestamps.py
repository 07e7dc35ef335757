"""Discord's timestamps in words: `<t:1700000000:R>` and the other styles.

Times are said in UTC and say so, because those who hear them can be anywhere.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bot.text.words import base_language

if TYPE_CHECKING:
    from babel import Locale

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_BRACKETS = re.compile(r"\s?\(\d+\)")  # Hebrew repeats "one" and "two" as digits


def timestamp_words(seconds: int, style: str, language: str | None, now: datetime) -> str | None:
    """Return a moment in words; None where no calendar has it.

    seconds: since 1970. style: Discord's letter; an unknown one is taken for "f".
    """
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    code = base_language(language)
    if style == "R":
        return _relative(moment - now, _locale(code))
    return _absolute(moment, style, code)


def _absolute(moment: datetime, style: str, code: str) -> str:
    time = f"{_clock(moment, seconds=style in 'TS', code=code)} UTC"
    if style in "tT":
        return time
    date = _date(moment, "full" if style == "F" else "long", _locale(code))
    return date if style in "dD" else f"{date}, {time}"


def _clock(moment: datetime, *, seconds: bool, code: str) -> str:
    ending = f":{moment:%S}" if seconds else ""
    if code != "en":
        return f"{moment.hour}:{moment:%M}{ending}"
    return f"{moment.hour % 12 or 12}:{moment:%M}{ending} {'PM' if moment.hour >= 12 else 'AM'}"


def _date(moment: datetime, length: Literal["long", "full"], locale: Locale) -> str:
    from babel.dates import format_date

    date = format_date(moment, length, locale=locale).replace("г.", "года")
    return " ".join(date.split())  # some have narrow spaces


def _relative(distance: timedelta, locale: Locale) -> str:
    from babel.dates import format_timedelta

    # Rounded down like Discord's, to the largest unit that fits.
    whole = timedelta(seconds=int(distance.total_seconds()) or -1)
    said = format_timedelta(whole, threshold=1, add_direction=True, locale=locale)
    return _IN_BRACKETS.sub("", said)


@functools.lru_cache(maxsize=64)
def _locale(code: str) -> Locale:
    # Babel and its data take time to load, which texts without timestamps need not wait for.
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")
