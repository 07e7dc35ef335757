"""Names that look alike: by the skeletons of Unicode Technical Standard 39, section 4.

Two names are confusable when their skeletons are equal. The table is Unicode's confusables.txt, in
confusable-homoglyphs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from storage.names import name_key

_MARKS = ("\u200e", "\u200f")  # stand around letters that are written from the right in the table


def lookalike(name: str, others: Iterable[str]) -> str | None:
    """Return the first of other names that one can be taken for, if any."""
    own = skeletons(name)
    for other in others:
        if any(a == b for a, b in zip(own, skeletons(other), strict=True)):
            return other
    return None


@lru_cache(maxsize=8192)
def skeletons(name: str) -> tuple[str, str, str]:
    """Return the skeletons of a name as it is written, in small and in capital letters.

    Case does not tell names apart here, and what looks alike in one case may not in the other.
    """
    key = name_key(name)
    return skeleton(name), skeleton(key), skeleton(key.upper())


def skeleton(text: str) -> str:
    """Return what stands for all texts that look like this one (UTS 39, section 4)."""
    table = _prototypes()
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", "".join(table.get(c, c) for c in decomposed))


@lru_cache(maxsize=8192)
def prototype(character: str) -> str:
    """Return the one letter that a letter looks like, without marks; itself where there is none."""
    found = _prototypes().get(character, character)
    plain = "".join(c for c in found if unicodedata.category(c)[0] != "M")
    return plain if len(plain) == 1 else character


@cache
def _prototypes() -> Mapping[str, str]:
    """Return what stands for each character.

    The package has each pair of the table in both directions. A source is one character, so what
    has several on the other side is a prototype; of single ones, all that hang together are one
    class, for which its first ASCII letter or digit stands, else its first character.
    """
    from confusable_homoglyphs.confusables import confusables_data  # 0.1 s and 10 MB

    sequences: dict[str, str] = {}
    classes = _Classes()
    for written, found in confusables_data.items():
        source = _bare(written)
        if len(source) != 1:
            continue
        for other in (_bare(each["c"]) for each in found):
            if len(other) == 1:
                classes.join(source, other)
            else:
                sequences[source] = other
    single = classes.representatives()
    return single | {
        source: "".join(single.get(c, c) for c in target) for source, target in sequences.items()
    }


class _Classes:
    """Characters that look alike, joined pair by pair."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def join(self, one: str, other: str) -> None:
        first, second = (self._of.get(each) or {each} for each in (one, other))
        if first is second:
            return
        small, large = sorted((first, second), key=len)
        large |= small
        for character in large if len(large) == 2 else small:
            self._of[character] = large

    def representatives(self) -> dict[str, str]:
        return {character: min(alike, key=_order) for character, alike in self._of.items()}


def _order(character: str) -> tuple[bool, bool, str]:
    ascii_letter = character.isascii() and character.isalnum()
    return not ascii_letter, not character.isascii(), character


def _bare(text: str) -> str:
    return "".join(c for c in text if c not in _MARKS)
