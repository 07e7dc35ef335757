"""What is said: plain text made readable for an engine."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from bot.errors import UserError
from bot.text.sentences import is_speakable

_MAX_COMBINING_MARKS = 3

# Compatibility forms become plain letters (a bold "𝓗", a ligature, full-width Latin), because an
# engine has never seen the others. The full-width marks of Chinese and Japanese are left alone:
# the sentence splitter goes by them, and they need no space after them.
_NOT_CJK_PUNCTUATION = re.compile(r"[^！？，：；（）]+")
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("“”„‟«»", '"')
    | dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("‐‑‒–−", "-")
    | dict.fromkeys("—―", " - ")
    | {"…": "...", "•": " "}
    | dict.fromkeys(map(chr, range(0xFE00, 0xFE10)))  # variation selectors, of emoji mostly
)
_URL = re.compile(
    r"(?<![a-z0-9+.-])(?:[a-z][a-z0-9+.-]*://|www\.)[!-~]*[a-z0-9/_=&%#-]", re.IGNORECASE
)
_PARAGRAPH = re.compile(r"(?<=[^\W_])\s*\n\s*\n\s*")
_REPEATS = (
    (re.compile(r"\.{4,}"), "..."),
    (re.compile(r"([!?])[!?]*?\1[!?]+"), r"\1\1"),
    (re.compile(r"([,;:'\"-])\1+"), r"\1"),
    (re.compile(r"([^\w\s.!?,;:'\"-]|_)\1+"), " "),  # rules and markup: "=====", "**"
    (re.compile(r"([^\W\d_])\1{3,}", re.IGNORECASE), r"\1\1\1"),
    (re.compile(r"([^\W\d_]{2,4}?)\1{4,}", re.IGNORECASE), r"\1\1\1\1"),
)
_SPACE = re.compile(r"\s+")


def clean_text(text: str, *, max_characters: int) -> str:
    """Return `text` as one line that an engine can read.

    Compatibility characters become plain ones, controls, invisible characters and emoji go,
    typographic marks become ASCII, a web address becomes "link", and runs of the same letter or
    mark are shortened.

    Raises `UserError` when nothing is left to say, or more than `max_characters`.
    """
    # The bound before cleaning is wide, and keeps the work bounded.
    if len(text) > 10 * max_characters:
        raise _too_long(len(text), max_characters)
    text = _URL.sub("link", text)
    text = _PARAGRAPH.sub(". ", text.replace("\r\n", "\n"))
    text = _NOT_CJK_PUNCTUATION.sub(lambda run: _plain(run[0]), text)
    for pattern, replacement in _REPEATS:
        text = pattern.sub(replacement, text)
    text = _SPACE.sub(" ", text).strip()
    if not is_speakable(text):
        raise UserError("There is nothing to say in that text. Write at least one letter or digit.")
    if len(text) > max_characters:
        raise _too_long(len(text), max_characters)
    return text


def _too_long(characters: int, limit: int) -> UserError:
    return UserError(
        f"That text has {characters:,} characters; the limit is {limit:,}. Say it in parts."
    )


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)
    return "".join(_audible(text))


def _audible(text: str) -> Iterator[str]:
    """Drop what has no sound: controls, invisible characters, emoji, stacked accents."""
    for combining, run in itertools.groupby(text, lambda c: unicodedata.category(c) == "Mn"):
        if combining:
            yield from itertools.islice(run, _MAX_COMBINING_MARKS)
        else:
            yield from map(_spoken, run)


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "So", "Sk", "Zl", "Zp"):
        return "°" if character == "°" else " "  # a space, so that "fine👍thanks" stays two words
    # Format characters (zero-width, bidirectional), enclosing marks, private and unassigned.
    return "" if category[0] == "C" or category == "Me" else character
