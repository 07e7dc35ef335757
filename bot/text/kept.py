"""Finished words in a text: stand-ins that no later step reads or changes."""

from __future__ import annotations

import re

_WORDS = 0xF0000  # a private plane: no typed text has a meaning there
_EMOJI = 0x100000
_SIZE = 0xFFFD
MAX_EMOJI = 3
"""Different ones in a row that are said."""

_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
EMOJI = f"[{chr(_EMOJI)}-{chr(_EMOJI + _SIZE)}]"
_ROW = re.compile(rf"{EMOJI}(?:\s*{EMOJI})*")
ANY = f"[{chr(_WORDS)}-{chr(_EMOJI + _SIZE)}]"
"""A pattern of one stand-in."""

_OPENING = frozenset("([{\"'¿¡「『（")


def without_private(text: str) -> str:
    """Return `text` without private characters, so that those in it are ours."""
    return _PRIVATE.sub("", text)


class KeptWords:
    """Words under stand-ins, in the order of arrival; a text has fewer than there are stand-ins."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._emoji: dict[str, int] = {}

    def keep(self, words: str) -> str:
        """Return a character that stands for `words`."""
        if not words or len(self._words) >= _SIZE:
            return words
        self._words.append(words)
        return chr(_WORDS + len(self._words) - 1)

    def keep_emoji(self, name: str) -> str:
        """Return a character that stands for an emoji, the same for the same name."""
        if not name or len(self._emoji) >= _SIZE:
            return " "
        return chr(_EMOJI + self._emoji.setdefault(name, len(self._emoji)))

    def put_back(self, text: str) -> str:
        """Return `text` with the words in place, apart from what stands beside them."""
        parts: list[str] = []
        after = False  # whether words were put in last
        before = " "
        for character in _ROW.sub(self._row, text):
            words = self._of(character)
            wide = (words or after) and not (before.isspace() or before in _OPENING)
            if wide and (words or character.isalnum() or character in "([{@#<*_"):
                parts.append(" ")
            parts.append(words or character)
            before, after = character, bool(words)
        return "".join(parts)

    def _of(self, character: str) -> str:
        index = ord(character) - _WORDS
        return self._words[index] if 0 <= index < len(self._words) else ""

    def _row(self, row: re.Match[str]) -> str:
        names = list(self._emoji)
        different = list(dict.fromkeys(c for c in row[0] if not c.isspace()))[:MAX_EMOJI]
        return self.keep(", ".join(names[ord(c) - _EMOJI] for c in different))
