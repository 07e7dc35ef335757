"""What is made of digits and no amount: addresses, versions, telephone and other such numbers."""

from __future__ import annotations

import re

from bot.text.numbers.words import NumberWords

_ADDRESS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?![\w:]|\.\d)")
_VERSION = re.compile(r"(?<!\w)(?:v|V(?=\d+\.))(\d{1,6}(?:\.\d{1,6}){0,5})(?!\w|\.\d)")
_TELEPHONE = re.compile(r"(?<![\w+])\+\d{1,15}(?:[ ./()-]{1,2}\d{1,12}){0,6}(?!\w)")
_CARD = re.compile(r"(?<![\w.,/:-])\d{4}(?: \d{4}){2,4}(?!\w)")
_LOCAL = re.compile(
    r"(?<![\w.,/:-])(?:\(\d{2,5}\) ?|0\d{1,5}[ /-])\d{2,9}(?:[ -]\d{2,9}){0,4}(?![\w/]|:\d)"
)
_GROUPED = re.compile(
    r"(?<![\w.,/:-])(?!\d{4}-\d\d-\d\d(?!\d)|\d\d?-\d\d?-\d{4}(?!\d))(?:\d{1,9}(?:-\d{1,9}){2,5}|\d{3}-\d{4})(?![\w/-]|:\d)"
)
_TOLL_FREE = re.compile(r"(?<![\w.,/-])1-8\d\d-(?=[A-Z])")
_FEWEST_DIGITS = 6  # of a telephone number


def read(text: str, words: NumberWords) -> str:
    """Say them digit by digit, versions number by number."""
    text = _ADDRESS.sub(lambda match: _address(match, words), text)
    text = _VERSION.sub(lambda match: _version(match, words), text)
    text = _TELEPHONE.sub(lambda match: _telephone(match, words), text)
    text = _TOLL_FREE.sub(lambda match: f"{words.digits(match[0])} ", text)
    for pattern in (_CARD, _LOCAL, _GROUPED):
        text = pattern.sub(lambda match: words.digits(match[0]), text)
    return text


def _address(match: re.Match[str], words: NumberWords) -> str:
    address, port = match.groups()
    said = _dotted(address, words)
    return f"{said}, {words.digits(port)}" if port else said


def _dotted(written: str, words: NumberWords) -> str:
    dot = f" {words.habits.dot or words.habits.point} "
    return (dot if not words.habits.joined else dot.strip()).join(
        words.digits(part) for part in written.split(".")
    )


def _version(match: re.Match[str], words: NumberWords) -> str:
    numbers = match[1].split(".")
    dot = words.habits.dot or words.habits.point
    said = [word for number in numbers for word in (dot, _part(number, words))][1:]
    return words.join([words.habits.version or match[0][0], *said])


def _part(number: str, words: NumberWords) -> str:
    return words.digits(number) if number.startswith("0") else words.cardinal(int(number))


def _telephone(match: re.Match[str], words: NumberWords) -> str:
    if sum(character.isdigit() for character in match[0]) < _FEWEST_DIGITS:
        return match[0]
    return words.join([words.habits.signs["+"], words.digits(match[0])])
