"""A member's dictionary and the guild's, applied to one text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence

import structlog

from bot.dictionary.folding import folded
from bot.dictionary.table import Found, PatternEntry, Table
from bot.text.words import base_language

log = structlog.get_logger(__name__)

TEXT_SECONDS = 0.05
PATTERN_SECONDS = 0.01
"""Of the processor that patterns may take in one text: all of them together, and each."""

MAX_GROWTH = 1000
"""Characters by which entries make a text longer; what would make it longer still stays as it is
written."""

_MARKS = re.compile(r"[,;:.!?…、。，！？]+")


class Matcher:
    """Tables in the order of who comes first; a `bot.text.dictionary.Dictionary`."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tuple(tables)

    def entries(self, language: str | None) -> TextEntries:
        """Return what is for one text."""
        return TextEntries(self.tables, base_language(language))


class TextEntries:
    """The entries as one text needs them, with what time and room is left for it."""

    def __init__(self, tables: Sequence[Table], language: str) -> None:
        self._tables, self._language = tables, language
        self._seconds = TEXT_SECONDS
        self._room = MAX_GROWTH

    def exact(self, written: str) -> str | None:
        """Return what is said for an emoji, `:name:` or a word with marks; None for no entry."""
        for table in self._tables:
            said = table.exact(written, self._language)
            if said is not None and self._grow(len(said) - len(written)):
                return said
        return None

    def replace(self, text: str) -> str:
        """Return words with the entries in place.

        Everything is found in the text as it is written, so what one entry says is no other's. The
        first table comes first, in it words before patterns; of those, what begins first and then
        what is longest.
        """
        parts: list[str] = []
        done = 0
        for start, end, said in self._chosen(text):
            if self._grow(len(said) - (end - start)):
                before = text[done:start]
                done = end
                if not said:
                    before, done = _closed(before, text, end, begins=not any(parts))
                parts += [before, said]
        return "".join((*parts, text[done:]))

    def _chosen(self, text: str) -> list[Found]:
        taken = bytearray(len(text))
        chosen: list[Found] = []
        plain = folded(text)
        for table in self._tables:
            for found in table.words(plain, self._language):
                _choose(found, taken, chosen)
            for found in self._matches(table.patterns, text):
                _choose(found, taken, chosen)
        return sorted(chosen)

    def _matches(self, patterns: Iterable[PatternEntry], text: str) -> list[Found]:
        found = [
            match
            for pattern in patterns
            if pattern.language in ("", self._language) and not pattern.slow
            for match in self._matches_of(pattern, text)
        ]
        return sorted(found, key=lambda match: (match[0], -match[1]))

    def _matches_of(self, entry: PatternEntry, text: str) -> Iterator[Found]:
        if self._seconds <= 0:
            return
        start = time.thread_time()
        allowed = min(self._seconds, PATTERN_SECONDS)
        try:
            for match in entry.pattern.finditer(text, timeout=allowed):
                said = entry.expand(match)
                if 0 < match.end() - match.start() >= len(said) - MAX_GROWTH:  # else it has no room
                    yield match.start(), match.end(), said
        except (TimeoutError, MemoryError):
            if allowed == PATTERN_SECONDS:  # and not only because of others
                entry.slow = True
                log.info("a pattern took too long and is passed over", stage="text")
        finally:
            self._seconds -= time.thread_time() - start

    def _grow(self, by: int) -> bool:
        if by > self._room:
            return False
        self._room -= max(by, 0)
        return True


def _closed(before: str, text: str, end: int, *, begins: bool) -> tuple[str, int]:
    """Return what stands before a silent entry, and where the text goes on behind it.

    No gap stays before a mark; at the beginning of a text, the mark goes, too.
    """
    marks = _MARKS.match(text, end)
    if marks is None:
        return before, end
    if begins and not before.strip():
        return before, marks.end()
    return before.rstrip(), end


def _choose(found: Found, taken: bytearray, chosen: list[Found]) -> None:
    start, end, _said = found
    if not any(taken[start:end]):
        taken[start:end] = b"\1" * (end - start)
        chosen.append(found)
