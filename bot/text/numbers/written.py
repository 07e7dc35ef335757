"""Numbers as they are written: digits of any script, marks of decimals and thousands."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from bot.text.numbers.words import MOST_DIGITS, NumberWords

GROUP = "٬"
"""Stands between thousands once it is clear that they are; the Arabic mark for them."""

NUMBER = rf"(?:\d++(?:[.,٫{GROUP}]\d++)*+|(?<![\w.,])[.]\d++)"
"""A number, before it is clear what its marks mean."""

ALONE = r"(?<![\w.,٫٬])"
"""Nothing stands before that belongs to a number or a word."""

_ATTACHED_PERCENT = re.compile(r"(?<=\d)%(?=[^\W\d_\u2e80-\ud7ff])")
_ORDINAL_DEGREES = re.compile(r"(?<=\d)(?P<space>[ \u00a0\u202f]?)º(?=[CF])")
_SCRIPTS = "\u2060"  # the word joiner: neither a letter nor a space
_SCRIPTS_MEET = re.compile(
    r"(?<=[\u2e80-\u9fff\uac00-\ud7a3])(?<![第])(?=(?:US\$|[$€£¥￥₩])?\d)"
    r"|(?<=[\d/°][a-zA-Z²³%])(?=[\u2e80-\u9fff\uac00-\ud7a3])"
    r"|(?<=[\d a-zA-Z/][a-zA-Z][a-zA-Z²³])(?=[\u2e80-\u9fff\uac00-\ud7a3])"
)
_SPACES = "[ \u00a0\u2009\u202f]"
_NARROW = "[\u00a0\u2009\u202f']"
_ROUND = re.compile(r"(?<![\d.,+(] )(?<![\w.,+(-])[1-9]\d{0,2}(?: \d{3})*(?: 000)(?! ?\d)(?![\w-])")
_MONEY = re.compile(
    r"(?<=[$€£¥₹])[1-9]\d{0,2}(?: \d{3})+(?! ?\d)"
    r"|(?<![\w.,+(-])(?<![\d.,+(] )[1-9]\d{0,2}(?: \d{3})+(?=(?:[.,]\d\d)? ?[$€£¥₹])"
)
_UNDERSCORED = re.compile(r"(?<![\w.,])\d{1,3}(?:_\d{3})+(?!\w)")
_MOST_UNGROUPED = 6  # digits; longer ones are rarely amounts


def plain_digits(text: str) -> str:
    """Return `text` with the digits of every script as those of ASCII."""
    text = _ATTACHED_PERCENT.sub("% ", _ORDINAL_DEGREES.sub(r"\g<space>°", text.replace("٪", "%")))
    if text.isascii():
        return text
    return "".join(_plain_digit(character) for character in text)


def _plain_digit(character: str) -> str:
    decimal = unicodedata.decimal(character, None)
    return character if decimal is None else str(int(decimal))


def part_scripts(text: str) -> str:
    """Put a mark where a number touches Chinese, Japanese or Korean, which has no spaces."""
    return _SCRIPTS_MEET.sub(_SCRIPTS, text)


def join_scripts(text: str) -> str:
    """Take out what `part_scripts` put in."""
    return text.replace(_SCRIPTS, "")


def mark_groups(text: str, words: NumberWords) -> str:
    """Put `GROUP` where spaces, or the underscores of programs, stand between thousands."""
    text = _UNDERSCORED.sub(lambda match: match[0].replace("_", GROUP), text)
    space = _SPACES if words.habits.spaced else _NARROW
    groups = re.compile(
        rf"(?<![\d.,+({GROUP}])(?<![\d+)] )\d{{1,3}}(?:{space}\d{{3}})+(?!{_SPACES}?\d)"
    )
    if not words.habits.spaced:  # "1 000 000" and "1 234 €" cannot be else
        for pattern in (_ROUND, _MONEY):
            text = pattern.sub(lambda match: match[0].replace(" ", GROUP), text)
    return groups.sub(lambda match: re.sub(space, GROUP, match[0]), text)


def parse(written: str, words: NumberWords) -> Decimal | None:
    """Return the number that is meant, or None if that is not clear, or it has too many digits."""
    text = _canonical(written, words)
    if text is None or sum(character.isdigit() for character in text) > MOST_DIGITS:
        return None
    whole = text.partition(".")[0]
    if len(whole) > 1 and whole.startswith("0"):
        return None
    ungrouped = written.isdigit() and len(written) > _MOST_UNGROUPED
    return None if ungrouped and not written.endswith("000") else Decimal(text)


def _canonical(written: str, words: NumberWords) -> str | None:
    """Return digits with at most a point, or None."""
    written = written.replace("٫", ".") if "٫" in written else written
    marks = re.findall(r"\D", written)
    if len(marks) > 1 or GROUP in marks:
        return _of_many_marks(written, marks)
    if not marks:
        return written
    before, after = written.split(marks[0])
    if marks[0] != words.habits.decimal and len(after) == 3 and 0 < len(before.lstrip("0")) < 4:
        return before + after
    if marks[0] != words.habits.decimal and marks[0] == ",":
        return None
    return f"{before or '0'}.{after}"


def _of_many_marks(written: str, marks: list[str]) -> str | None:
    last = marks[-1]
    whole, fraction = written, ""
    if marks.count(last) == 1 and len(marks) > 1:
        whole, _, fraction = written.rpartition(last)
    if len(set(re.findall(r"\D", whole))) != 1 or (last == GROUP and fraction):
        return None
    first, *groups = re.split(r"\D", whole)
    indian = all(len(group) == 2 for group in groups[:-1]) and "," in whole
    if len(groups[-1]) != 3 or not (indian or all(len(group) == 3 for group in groups)):
        return None
    if not 0 < len(first) < 4 or first.startswith("0"):
        return None
    return first + "".join(groups) + (f".{fraction}" if fraction else "")


def spoken(written: str, words: NumberWords, form: str = "") -> str:
    """Return the words of a written number; digit by digit where it is not clear what is meant."""
    number = parse(written, words)
    if number is not None:
        return words.number(number, form)
    if "," in written and "." not in written:
        return ", ".join(spoken(part, words) for part in written.split(","))
    parts = [words.digits(part) for part in re.split(r"[.٫]", written)]
    dot = words.habits.dot or words.habits.point
    return words.join([parts[0], *(word for part in parts[1:] for word in (dot, part))])


def spaced(match: re.Match[str], said: str, words: NumberWords) -> str:
    """Return `said` apart from the letters around what it stands for."""
    text = match.string
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 1]
    left = " " if _needs_space(before) else ""
    right = " " if _needs_space(after) else ""
    return f"{left}{said}{right}" if said else match[0]


def _needs_space(neighbour: str) -> bool:
    """Whether a letter of a script with spaces, or a closing mark, stands there."""
    return neighbour.isalnum() and not "\u2e80" <= neighbour <= "\ud7ff"
