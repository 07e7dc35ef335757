"""One dictionary made ready to be looked up in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import emoji

from bot.dictionary.folding import Folded, fold
from bot.dictionary.patterns import Match, Pattern, compiled, expander
from bot.errors import UserError
from bot.text.marks import plain_characters
from storage.dictionary import Entry

_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_VARIATION = "\ufe0f"

PATTERN_SIZE = 4
"""What a pattern takes of the memory that a word takes, which is up to 1 KB."""

Found = tuple[int, int, str]
"""From where to where, and what is said for it."""


@dataclass(slots=True)
class PatternEntry:
    """A pattern that is used. slow: it took too long once, and is not used any more."""

    pattern: Pattern
    spoken: str
    language: str
    slow: bool = False

    def expand(self, match: Match) -> str:
        """Return what is said for a match."""
        return expander(self.spoken)(match)


class Table:
    """The entries of one owner; made once, then read by one thread at a time."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take some ms for thousands of words, and up to a second for many patterns."""
        self._exact: dict[str, dict[str, str]] = {}  # what is said, by language
        self._words: dict[str, dict[str, str]] = {}
        self.patterns: list[PatternEntry] = []
        self.size = 0  # in words
        for entry in entries:
            self.size += PATTERN_SIZE if entry.pattern else 1
            if entry.pattern:
                self._add_pattern(entry)
            else:
                self._add_word(entry)
        self._name_emoji()
        self._lengths = _lengths(self._words)

    def exact(self, written: str, language: str) -> str | None:
        """Return what is said for just that, None where there is no entry."""
        key = _sign(written)
        said = _said(self._exact.get(key), language)
        return said if said is not None else _said(self._exact.get(_bare(key)), language)

    def words(self, text: Folded, language: str) -> Iterator[Found]:
        """Yield the words that have entries: from left to right, of each the longest."""
        start, last = 0, len(text.text)
        while start < last:
            found = self._longest(text, start, language) if text.starts[start] else None
            if found is None:
                start += 1
                continue
            end, said = found
            yield text.places[start], text.places[end], text.apart(start, end, said)
            start = end

    def _longest(self, text: Folded, start: int, language: str) -> tuple[int, str] | None:
        for length in self._lengths.get(text.text[start], ()):
            end = start + length
            if end < len(text.starts) and text.starts[end]:
                said = _said(self._words.get(text.text[start:end]), language)
                if said is not None:
                    return end, said
        return None

    def _add_word(self, entry: Entry) -> None:
        self._exact.setdefault(_sign(entry.written), {})[entry.language] = entry.spoken
        key = fold(plain_characters(entry.written).strip())
        if key and (key.isascii() or not emoji.emoji_count(entry.written)):
            self._words.setdefault(key, {})[entry.language] = entry.spoken

    def _add_pattern(self, entry: Entry) -> None:
        try:
            pattern = compiled(entry.written)
        except UserError:  # of another version of regex
            return
        self.patterns.append(PatternEntry(pattern, entry.spoken, entry.language))

    def _name_emoji(self) -> None:
        """Let `:joy:` stand for the emoji of that name, too, where that has no entry."""
        for name in [key for key in self._exact if key.startswith(":") and key.endswith(":")]:
            sign = _sign(emoji.emojize(name, language="alias"))
            self._exact[sign] = self._exact[name] | self._exact.get(sign, {})


def _lengths(keys: Iterable[str]) -> dict[str, list[int]]:
    """Return how long the keys are that begin with a character, the longest first."""
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for key in keys:
        lengths[key[0]].add(len(key))
    return {first: sorted(found, reverse=True) for first, found in lengths.items()}


def _said(by_language: Mapping[str, str] | None, language: str) -> str | None:
    if by_language is None:
        return None
    return by_language.get(language, by_language.get(""))


def _sign(written: str) -> str:
    return written.replace(_VARIATION, "").casefold()


def _bare(sign: str) -> str:
    return _SKIN_TONE.sub("", sign)
