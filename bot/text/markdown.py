"""Markdown as Discord understands it: what the writer meant is read, the marks are not.

Written for Discord's rules. A CommonMark parser would read other texts wrongly than Discord shows
them: underlines, small print, `~5`, indented lines, numbers at the beginning of a line.
"""

from __future__ import annotations

import re

from bot.text.words import base_language

_DOTTED_ORDINALS = frozenset(("da", "de", "fi", "no", "pl", "tr"))
_QUOTE = re.compile(r"^[ \t]*(?:>>>|>)[ \t]+")
_HEADING = re.compile(r"^[ \t]*(?:#{1,3}|-#)[ \t]+(?=\S)")
_ITEM = re.compile(r"^[ \t]*[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_NUMBERED = re.compile(r"^[ \t]*(\d{1,3})[.)][ \t]+(?=[^\W\d_])")
_RULE_MARKS = frozenset("-*_=~|: \t")
# Finished words stand under private characters (`KeptWords`), which are no marks.
_MARKS = r"[^\w\U000f0000-\U0010fffd]*"
_ENDED = re.compile(rf"[.!?。！？…؟।॥:;,،、，；：]{_MARKS}$|^{_MARKS}$")

_BOUNDED = r"{1,3000}?"
# A mark opens before a word and closes behind one, neither beside a letter outside. That keeps
# 2 * 3, a_b, *args and ~5.
_INLINE = tuple(
    re.compile(
        rf"(?<![\w{sign}\\])({sign}{{1,3}})(?=[^\s{sign}])([^{sign}\n]{_BOUNDED})(?<=\S)\1(?![\w{sign}])"
    )
    for sign in (r"\*", "_", "~")
)
_INSIDE = re.compile(r"(?<=[^\W\d_])(\*{1,3})([^\W\d_]{2,40})\1(?=[^\W\d_])")
_UNMATCHED = re.compile(r"(?<!\S)(?:\*\*|__|~~)(?=[^\W_])|(?<=\w)(?:\*\*|__|~~)(?!\S)")


def read_markdown(text: str, language: str | None = None) -> str:
    """Return `text` on one line, without Markdown's marks.

    A heading, an item and a paragraph end like a sentence. language: ISO 639-1 code, None for
    English; where "5. Mai" is an ordinal, one numbered line is no list.
    """
    for _ in range(3):  # bold within italics within an underline
        for pattern in _INLINE:
            text = pattern.sub(r"\2", text)
    text = _INSIDE.sub(r"\2", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = _has_list(lines) or base_language(language) not in _DOTTED_ORDINALS
    stop = "。" if base_language(language) in ("ja", "zh") else "."
    return _joined([_line(line, numbered) for line in lines], stop)


def _has_list(lines: list[str]) -> bool:
    return sum(bool(_NUMBERED.match(line)) for line in lines) > 1


def _line(line: str, is_list: bool) -> tuple[str, bool]:
    """Return a line without the marks at its beginning, and whether it stands by itself."""
    if _RULE_MARKS.issuperset(line):
        return "", True
    alone = False
    for pattern in (_QUOTE, _HEADING, _ITEM):
        line, found = pattern.subn("", line)
        alone = alone or bool(found)
    numbered = _NUMBERED.sub(r"\1, ", line) if is_list else line
    return numbered, alone or numbered != line


def _joined(lines: list[tuple[str, bool]], stop: str) -> str:
    said = ""
    ends = False
    for line, alone in lines:
        stripped = line.strip(" \t|")
        if not stripped:
            ends = True
            continue
        if said and (ends or alone) and not _ENDED.search(said[-8:]):
            said += stop
        said += (" " if said else "") + stripped
        ends = alone
    return said
