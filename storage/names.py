"""What a voice may be called, and when two names are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from storage.errors import InvalidNameError

MAX_NAME_LENGTH = 32
"""Unicode characters, counted after normalisation."""

MAX_MARKS = 4
"""On one letter. No language needs more; a flood of them covers the lines above and below."""

# Control, format (zero-width, text direction), surrogate, private and unassigned characters, and
# line separators. Unassigned ones because only assigned characters keep their comparison key when
# Python's Unicode tables are renewed.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# Letters, marks and symbols that show nothing: fillers, the braille blank, variation selectors.
# The emoji selector U+FE0F is not among them: keyboards add it to common emoji.
_BLANK = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0"
    r"\U000e0100-\U000e01ef]"
)
_EMOJI_SELECTOR = "\ufe0f"

# Letters of scripts without spaces between words, and what begins a Korean syllable in a key:
# Hangul, Thai, Lao, Myanmar, Khmer, kana, Chinese characters.
_UNSPACED = re.compile(
    r"[\u1100-\u115e\u0e01-\u0e2f\u0e40-\u0e44\u0e81-\u0eae\u0ec0-\u0ec4\u1000-\u102a\u1780-\u17b3"
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
# Letters that only follow such a letter: vowels and ends of Korean syllables, vowels of Thai and
# Lao, the prolonged sound of kana.
_FOLLOWING = re.compile(
    r"[\u1160-\u11ff\u0e30-\u0e33\u0e45\u0e46\u0eb0-\u0eb3\u0ebd\u0ec6\u30fc-\u30fe]"
)
_MAX_TAILS = 32  # a name has 32 characters, but some of them stand for a phrase


def clean_name(name: str) -> str:
    """Return the name as it is stored and shown: NFC, one space between words.

    NFC joins letters and their accents, so that a name counts the same from every keyboard, and
    changes nothing that can be seen; NFKC would turn "①" into "1", so only the key uses it.

    Raises InvalidNameError.
    """
    stripped = name.strip()
    if not stripped:
        raise InvalidNameError(
            "The name is empty. Use 1 to {most} characters with at least one letter, digit or "
            "emoji.",
            most=MAX_NAME_LENGTH,
        )
    unseen = next((c for c in stripped if _is_unseen(c)), None)
    if unseen is not None:
        described = unicodedata.name(unseen, "control character")
        raise InvalidNameError(
            "The name has an invisible character ({code}, {character}). Use 1 to {most} characters "
            "with at least one letter, digit or emoji.",
            code=f"U+{ord(unseen):04X}",
            character=described,
            most=MAX_NAME_LENGTH,
        )
    cleaned = " ".join(unicodedata.normalize("NFC", stripped).split())
    if len(cleaned) > MAX_NAME_LENGTH:
        raise InvalidNameError(
            "The name has {count} characters. Use 1 to {most} characters with at least one letter, "
            "digit or emoji.",
            count=len(cleaned),
            most=MAX_NAME_LENGTH,
        )
    if _is_flooded(cleaned):
        raise InvalidNameError(
            "The name has too many accents on one letter. Use 1 to {most} characters with at least "
            "one letter, digit or emoji.",
            most=MAX_NAME_LENGTH,
        )
    if not any(_names_something(c) for c in cleaned):
        raise InvalidNameError(
            "The name has only punctuation. Use 1 to {most} characters with at least one letter, "
            "digit or emoji.",
            most=MAX_NAME_LENGTH,
        )
    return cleaned


def name_key(text: str) -> str:
    """Return what names are compared and searched by: equal for names that read the same.

    Unicode's compatibility caseless match (The Unicode Standard, section 3.13, D146). Its form is
    decomposed, so the key of "Jose" is a prefix of the key of "José".
    """
    text = text.encode(errors="replace").decode()  # SQLite takes no lone surrogates
    folded = unicodedata.normalize("NFD", text).casefold()
    for _ in range(2):  # the second round folds what the first one decomposed
        folded = unicodedata.normalize("NFKD", folded).casefold()
    return " ".join(unicodedata.normalize("NFKD", folded).replace(_EMOJI_SELECTOR, "").split())


def word_tails(key: str) -> list[str]:
    """Return what follows from the beginning of each word of a name's key but the first, once each.

    A word begins at a letter or digit that stands after something else, at an emoji, and, in
    scripts that put no spaces between words, at any letter.
    """
    return list(dict.fromkeys(key[start:] for start in _word_starts(key) if start))[:_MAX_TAILS]


def _word_starts(key: str) -> Iterator[int]:
    inside = False  # a word whose next letter belongs to it
    for index, character in enumerate(key):
        category = unicodedata.category(character)
        if category[0] == "M" or _FOLLOWING.match(character):
            continue  # it belongs to what it stands on or after
        alone = category == "So" or _UNSPACED.match(character) is not None
        if alone or (category[0] in "LN" and not inside):
            yield index
        inside = category[0] in "LN" and not alone


def shown(name: str) -> str:
    """Return a name as typed, made safe to repeat in a message."""
    visible = "".join("\ufffd" if _is_unseen(c) else c for c in name.strip())
    return visible if len(visible) <= MAX_NAME_LENGTH else visible[:MAX_NAME_LENGTH] + "…"


def _is_unseen(character: str) -> bool:
    return (
        unicodedata.category(character) in _UNSEEN_CATEGORIES or _BLANK.match(character) is not None
    )


def _is_flooded(name: str) -> bool:
    """Whether marks tower over a letter, or stand before the first one, on what comes before the
    name (UTS 39, section 5.4: more than four nonspacing marks in a row).
    """
    marks = 0
    for character in unicodedata.normalize("NFD", name):
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            return True
    return unicodedata.category(name[0])[0] == "M" and any(map(_names_something, name))


def _names_something(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "So"
