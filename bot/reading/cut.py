"""Long messages cut where a listener would not be surprised."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = "```"
_EMOJI = (
    "[\u2600-\u27bf\U0001f000-\U0001faff]"
    "[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*(?:\u200d[\u2600-\u27bf\U0001f000-\U0001faff]\ufe0f?)*"
)
# What is said as one thing, and in how many characters about.
_UNITS = (
    (r"```.*?(?:```|\Z)", 10),
    (r"\|\|[^|]+\|\|", 10),
    (r"(?:<a?:\w{1,64}:\d{1,25}>\s*){3,}", 36),  # only three are said
    (rf"(?P<one>{_EMOJI})(?:\s*(?P=one))+", 12),
    (rf"(?:{_EMOJI}\s*){{4,}}", 36),
    (_EMOJI, 12),
    (r"<[@#:/tai][^<>\n]{0,110}>", 12),
    (r"<?https?://[^\s<>]{1,2000}>?", 20),
    (r"\[[^\[\]\n]{1,1000}\]\([^()\s]{1,2000}\)", 20),
    (r"(?<![^\W_])[^\W_]{1,60}\.[^\W\d_]{1,10}\b", None),  # a site or a file
    (r"(?P<same>[^\d\s])(?P=same){3,}", 3),
)
_UNIT = re.compile(
    "|".join(f"(?P<unit{n}>{pattern})" for n, (pattern, _) in enumerate(_UNITS)) + r"|.", re.DOTALL
)
_SAID = {f"unit{n}": said for n, (_, said) in enumerate(_UNITS) if said is not None}

_SENTENCE_END = re.compile(r"(?:[.!?…؟।]+[\"'”»)\]*_~]*(?=\s)|[。！？!?]+[」』）”]*|\n)\s*")
# In Japanese a word ends behind kana as a rule, where the next begins with another script.
_WORD_END = re.compile(
    "\\s+|(?<=[、，；：,;:])|(?<=[\u3041-\u309f])(?=[\u30a1-\u30fa\u4e00-\u9fff])"
)
_ENOUGH = 0.5
"""How much of a message has to be left where it is cut at the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A piece that is not cut: where it ends in the text, and how many characters are said."""

    end: int
    said: int


def cut_text(text: str, most: int) -> tuple[str, bool]:
    """Return the beginning of a raw text of which at most `most` characters are said.

    And whether something was left out. What is said in a few words (mentions, links, spoilers, code
    blocks) counts as those, and is not cut. It ends at the end of a sentence, else behind a word;
    in Chinese and Japanese, which have no spaces, behind a mark or a character.
    """
    whole = text.rstrip()
    units = list(_units(whole))
    sizes = itertools.accumulate(unit.said for unit in units)
    ends = [unit.end for unit, said in zip(units, sizes, strict=True) if said <= most]
    if len(ends) == len(units):
        return _closed(whole), False
    if ends:
        end = _best_end(whole, ends[-1], set(ends))
    else:  # a word that is longer, or a row of emoji, of which few are said
        end = units[0].end if units[0].said != units[0].end else most
    return _closed(whole[:end].rstrip()), end < len(whole)


def as_long(text: str) -> str:
    """Return what takes about as long to say as a raw text, without ids and addresses in it."""
    return _UNIT.sub(lambda unit: "x" * _SAID.get(unit.lastgroup or "", 0) or unit[0], text)


def _units(text: str) -> Iterator[_Unit]:
    for match in _UNIT.finditer(text):
        yield _Unit(match.end(), _SAID.get(match.lastgroup or "", len(match[0])))


def _best_end(text: str, last: int, allowed: set[int]) -> int:
    """Return where to cut, at `last` at the latest; a place in `allowed`."""
    reach = text[: last + 1]
    sentences = [end.end() for end in _SENTENCE_END.finditer(reach) if end.end() <= last]
    words = [end.start() for end in _WORD_END.finditer(reach) if 0 < end.start() <= last]
    for ends, least in ((sentences, last * _ENOUGH), (words, last * _ENOUGH)):
        fitting = [end for end in ends if end in allowed and end >= least]
        if fitting:
            return fitting[-1]
    return _whole_character(text, last, allowed)


def _whole_character(text: str, end: int, allowed: set[int]) -> int:
    while end > 1 and (end not in allowed or _continues(text, end)):
        end -= 1
    return end


def _continues(text: str, end: int) -> bool:
    """Whether what stands at `end` belongs to the character before it."""
    at = text[end : end + 1]
    joined = "\u200d" in (at, text[end - 1])
    is_skin = "\U0001f3fb" <= at <= "\U0001f3ff"
    return joined or is_skin or (bool(at) and unicodedata.category(at) in ("Mn", "Mc", "Me"))


def _closed(text: str) -> str:
    """Return `text` without a code block that is open, which would swallow what is said next."""
    return text + _FENCE if text.count(_FENCE) % 2 else text
