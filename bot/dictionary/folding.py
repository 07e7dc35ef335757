"""Text without case, with the way back; where words begin and end."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Chinese, Japanese, Thai, Lao, Burmese and Khmer part no words with spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)

_IN_NUMBER = re.compile(r"(?<=\d)[.,:'](?=\d)")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without case, and with single spaces.

    places: of each character, and of the end, its place in the text; one letter may become two.
    starts: whether a word may begin there, of each character and of the end.
    """

    text: str
    places: tuple[int, ...]
    starts: tuple[bool, ...]

    def apart(self, start: int, end: int, said: str) -> str:
        """Return `said` with spaces where it would run into the words beside that place."""
        before = " " if said and start > 0 and _joined(self.text[start - 1], said[0]) else ""
        after = self.text[end : end + 1]
        behind = " " if said and after and _joined(said[-1], after) else ""
        return f"{before}{said}{behind}"


def folded(text: str) -> Folded:
    """Return `text` without case."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        space = character.isspace()
        if space and letters and letters[-1] == " ":
            continue
        fold = " " if space else character.casefold()
        letters += fold
        places += [place] * len(fold)
    places.append(len(text))
    return Folded("".join(letters), tuple(places), tuple(_starts(letters, places)))


def fold(text: str) -> str:
    """Return `text` without case."""
    return folded(text).text


def _starts(letters: list[str], places: list[int]) -> list[bool]:
    ends = [True] * (len(letters) + 1)
    for index in range(1, len(letters)):
        same = places[index] == places[index - 1]
        ends[index] = not same and not _joined(letters[index - 1], letters[index])
    for sign in _IN_NUMBER.finditer("".join(letters)):
        ends[sign.start()] = ends[sign.end()] = False
    return ends


def _joined(before: str, behind: str) -> bool:
    """Whether two characters are within one word."""
    if unicodedata.category(behind)[0] == "M":
        return True
    if _UNSPACED.match(before) or _UNSPACED.match(behind):
        return False
    return _in_word(before) and _in_word(behind)


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
