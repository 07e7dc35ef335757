"""Times of day: "19:30", "7:30 pm", "19.30 Uhr", "7h30"."""

from __future__ import annotations

import functools
import re

from bot.text.numbers.words import NumberWords

_LETTER = r"[^\W\u2e80-\ud7ff]"  # of a script that puts spaces between words
_CLOCK = rf"(?<![\w:.,])(\d\d?):([0-5]\d)(?::([0-5]\d))?(?!{_LETTER}|:|\.\d)"
_ENGLISH_HOUR = re.compile(
    r"(?<![\w:.,])(1[0-2]|0?[1-9])(?:[:.]([0-5]\d))? ?([AaPp])(?:[Mm]\b|\.[Mm]\.)"
)
_ENGLISH_SPAN = re.compile(
    r"(?<![\w:.,-])((?:1[0-2]|[1-9])(?:[:.][0-5]\d)?) ?[-–] ?"
    r"(?=(?:1[0-2]|[1-9])(?:[:.][0-5]\d)? ?[AaPp](?:[Mm]\b|\.[Mm]\.))"
)
_FRENCH = re.compile(r"(?<![\w:.,])(\d\d?) ?h ?([0-5]\d)?(?!\w)")
_DOTTED = re.compile(r"(?<![\w:.,])(\d\d?)\.([0-5]\d)(?= ?(?:Uhr|uur|uhr)\b)")
_AFTER_CLOCK = re.compile(r"\b([Kk](?:l\.?|lo|lokken) ?)(\d\d?)\.([0-5]\d)(?![\d:]|\.\d)")
_SPAN = re.compile(r"(?<=\d:\d\d) ?[-–] ?(?=\d{1,2}:\d\d)|(?<=\d[ap]m) ?[-–] ?(?=\d)")
_RATIO = re.compile(rf"(?<![\w:.,])(\d{{1,4}}):(\d{{1,4}})(?!{_LETTER}|:|[.,]\d)")


def read(text: str, words: NumberWords) -> str:
    """Say times in words; what else has a colon between numbers is read without it."""
    text = _SPAN.sub(f" {words.habits.to} " if words.habits.to else " ", text)
    if words.code == "en":
        text = _ENGLISH_SPAN.sub(rf"\1 {words.habits.to} ", text)
        text = _ENGLISH_HOUR.sub(lambda m: _english(m, words), text)
    if words.code in ("fr", "pt"):
        text = _FRENCH.sub(lambda m: _time(m[0], m[1], m[2] or "00", None, words), text)
    text = _AFTER_CLOCK.sub(r"\1\2:\3", _DOTTED.sub(r"\1:\2", text))
    text = _clock(words).sub(lambda m: _time(m[0], m[1], m[2], m[3], words), text)
    return _RATIO.sub(lambda match: _ratio(match, words), text)


@functools.lru_cache(maxsize=32)
def _clock(words: NumberWords) -> re.Pattern[str]:
    # "19:30 Uhr" has the word that is said between.
    word = words.habits.hour.replace("{h}", "").strip()
    return re.compile(
        _CLOCK.replace(rf"(?!{_LETTER}", rf"(?: ?{re.escape(word)}(?!\w))?(?!{_LETTER}")
    )


def _ratio(match: re.Match[str], words: NumberWords) -> str:
    # "Psalm 23:1" is no ratio.
    named = re.search(r"\b[A-Z]\w+ $", match.string[max(0, match.start() - 30) : match.start()])
    between = f" {words.habits.ratio} " if words.habits.ratio and not named else " "
    return f"{match[1]}{between}{match[2]}"


def _english(match: re.Match[str], words: NumberWords) -> str:
    hour, minutes, half = match[1], match[2], match[3].upper()
    said = [words.cardinal(int(hour))]
    if minutes and minutes != "00":
        said.append(_minutes(minutes, words))
    after = match.string[match.end() :]
    # The point of "p.m." is also the end of the sentence where one ends.
    end = "." if match[0].endswith(".") and (not after or re.match(r"\s+[A-Z]", after)) else ""
    return words.join([*said, f"{half}M"]) + end


def _time(written: str, hour: str, minutes: str, seconds: str | None, words: NumberWords) -> str:
    if int(hour) > 24 or (int(hour) == 24 and minutes != "00"):
        return written
    habits = words.habits
    said = "两" if words.code == "zh" and int(hour) == 2 else ""
    counted = words.code != "ko" or int(hour) < 13  # native numbers end at twelve o'clock
    said = said or words.cardinal(int(hour), habits.hour_form if counted else "")
    if minutes == "00" and not seconds:
        return _full_hour(int(hour), said, words)
    time = habits.time.format(h=said, m=_minutes(minutes, words))
    if int(hour) == 1:
        time = _singular(time)
    return words.join([time, _minutes(seconds, words) if seconds else ""])


def _full_hour(hour: int, said: str, words: NumberWords) -> str:
    if words.code == "en" and (hour > 12 or hour == 0):
        return f"{said} hundred"
    if not words.habits.hour:
        return f"{said} {words.digits('00')}"
    full = words.habits.hour.format(h=said)
    return _singular(full) if hour < 2 else full


def _minutes(minutes: str, words: NumberWords) -> str:
    number = int(minutes)
    if words.code == "en" and number < 10:
        return f"oh {words.cardinal(number)}"
    if number < 10 and words.habits.time == "{h} {m}":
        return words.digits(minutes)
    return words.cardinal(number, words.habits.minute_form)


def _singular(time: str) -> str:
    return time.replace(" heures", " heure").replace(" horas", " hora")
