"""Characters and marks: compatibility forms, invisible characters, runs of marks and letters."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

_MAX_COMBINING_MARKS = 3

# Compatibility forms become plain letters (a bold "𝓗", a ligature, full-width Latin), because an
# engine has never seen the others. Left alone are the full-width marks of Chinese and Japanese,
# which sentences end with, and fractions, raised digits and signs, which "1½" needs to stay a half
# and "2º" an ordinal.
_PLAIN_ENOUGH = "！？，：；（）｡¹²³⁰⁴-⁹⁺⁻₀-₉½¼¾⅐-⅞↉№℃℉°ºª"
_COMPATIBLE = re.compile(f"[^{_PLAIN_ENOUGH}]+")
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("“”„‟«»〝〞〟״⹂ʺˮ", '"')
    | dict.fromkeys("‘’‚‛′´‹›", "'")
    | dict.fromkeys("‐‑‒–−", "-")
    | dict.fromkeys("—―", " - ")
    | {"…": "...", "•": " ", "㎡": "m²", "㎥": "m³", "㎢": "km²"}
    | dict.fromkeys("©®™ـ")  # silent, as is what stretches Arabic words
    | dict.fromkeys(map(chr, range(0xFE00, 0xFE10)))  # variation selectors
    | {"｡": "。"}
)
_REPEATED_LETTERS = (
    (re.compile(r"([^\W\d_])\1{3,}", re.IGNORECASE), r"\1\1\1"),
    (re.compile(r"([^\W\d_]{2,4}?)\1{4,}", re.IGNORECASE), r"\1\1\1\1"),
)
_QUESTIONS = re.compile(r"[!?！？؟]{2,}")
_RUNS = (
    (re.compile(r"\.{4,}"), "..."),
    (re.compile(r"([,،、，;；؛:：'\"¿¡·。।॥።፧])\1+"), r"\1"),
    (re.compile(r"-{2,}|–{2,}"), " - "),
    # Behind a letter they mean something: C++, A***.
    (re.compile(r"(?<![\w*+#])([*+#])\1+(?![^\W_])"), " "),
    (re.compile(r"([*+#])\1{3,}"), r"\1\1\1"),
    (
        re.compile(r"([^\w\s.!?！？؟*+#§\U000f0000-\U0010ffff-]|_)\1+"),
        " ",
    ),  # rules and drawings: "=====", "~~~"
)
_SILENT = re.compile(r"[|`\\]+|(?<!\w)[\^~_]+(?!\w)")
_STRAY_INDICATOR = re.compile("(?<![0-9.nN])[ºª]")  # no ordinal, no "Nº"
_LONE_ACCENT = re.compile(r"(?<!\S)[\u0300-\u036f]+")
# What is written above, through and below Latin, Greek and Cyrillic letters in drawings alone.
_DRAWN = re.compile("[\u0305\u030d-\u031a\u031c-\u0322\u0329-\u036f]+")
_SPACE = re.compile(r"\s+")


def plain_characters(text: str) -> str:
    """Return `text` with plain characters: no compatibility forms, nothing without a sound."""
    text = _COMPATIBLE.sub(lambda run: _plain(run[0]), text.translate(_TYPOGRAPHY))
    return _STRAY_INDICATOR.sub(lambda letter: unicodedata.normalize("NFKC", letter[0]), text)


def collapse_letters(text: str) -> str:
    """Return `text` with "nooooo" and "hahahahaha" shortened."""
    for pattern, replacement in _REPEATED_LETTERS:
        text = pattern.sub(replacement, text)
    return text


def collapse_marks(text: str) -> str:
    """Return `text` with runs of marks shortened to one or two, and marks without sound gone."""
    text = _QUESTIONS.sub(lambda run: _two(run[0]), text)
    for pattern, replacement in _RUNS:
        text = pattern.sub(replacement, text)
    return _SPACE.sub(" ", _SILENT.sub(" ", text)).strip()


def _two(run: str) -> str:
    distinct = "".join(dict.fromkeys(run))
    return distinct[:2] if len(distinct) > 1 else run[:2]


def _plain(text: str) -> str:
    text = _DRAWN.sub("", unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY))
    text = _LONE_ACCENT.sub("", text)
    return "".join(_audible(text))


def _audible(text: str) -> Iterator[str]:
    """Drop what has no sound: controls, invisible characters, pictures, stacked accents."""
    for combining, run in itertools.groupby(text, lambda c: unicodedata.category(c) == "Mn"):
        if combining:
            yield from itertools.islice(run, _MAX_COMBINING_MARKS)
        else:
            yield from map(_spoken, run)


def _spoken(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "So", "Sk", "Zl", "Zp"):
        return (
            character if character in "^`" else " "
        )  # a space, so that "fine★thanks" stays two words
    # Format characters (zero-width, bidirectional), enclosing marks, unassigned. Private ones stand
    # for finished words here; those that were typed are gone before.
    return "" if category in ("Cf", "Cs", "Cn", "Me") else character
