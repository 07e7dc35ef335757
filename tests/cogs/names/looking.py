"""The table of names, and what an answer must not make of one."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("table.toml")

BENIGN = "Benign"
"""A name of which no answer makes anything but a name."""

_ESCAPED = re.compile(r"\\(?:[^\w\s]|_)")
_STRUCTURE = re.compile(
    r"[*~`|\[\]<]|(?<!\w)_|_(?!\w)|^\s*(?:>>>|> |#{1,3} |[+-]#? |\d+[.)] )|://|@everyone|@here|\n",
    re.M,
)
_TURNS = {*map(chr, range(0x202A, 0x202F)), "\u2066", "\u2067"}

LIMITS = {"content": 2000, "title": 256, "description": 4096, "name": 256, "value": 1024,
          "text": 2048, "label": 100, "placeholder": 150}  # fmt: skip
"""Characters that Discord takes, by the key of what it is sent."""

PLAIN = frozenset({"label", "placeholder", "text", "custom_id", "filename", "url", "description_"})
"""Where Discord reads no Markdown."""


def table() -> Mapping[str, Mapping[str, str]]:
    """Return what becomes of each name as that of a voice."""
    parts: dict[str, dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: outcome for part in parts.values() for name, outcome in part.items()}


def stored() -> list[str]:
    """Return the names that voices may have, as they are stored."""
    return [outcome["stored"] for outcome in table().values() if "stored" in outcome]


def structure(text: str) -> list[str]:
    """Return what Discord takes for markup, mentions and new lines in a text."""
    return _STRUCTURE.findall(_ESCAPED.sub("x", text))


def faults(text: str, benign: str) -> Iterator[str]:
    """Yield what is wrong with a text that has a name. benign: the same text with `BENIGN`."""
    if structure(text) != structure(benign):
        yield f"markup {structure(text)} for {structure(benign)}"
    yield from disorder(text)


def disorder(text: str, *, alone: bool = False) -> Iterator[str]:
    """Yield what in a text turns, breaks or hides what stands around it.

    alone: nothing stands around it.
    """
    depth = 0
    for character in text:
        depth += (character == "\u2068") - (character == "\u2069")
        if character in _TURNS or depth < 0:
            yield f"{character!a} reaches beyond the name"
        if unicodedata.bidirectional(character) in ("R", "AL", "AN") and not (depth or alone):
            yield f"{character!a} is not isolated"
        if unicodedata.category(character) in ("Cc", "Zl", "Zp") and character != "\n":
            yield f"{character!a} is a control character"
    if depth:
        yield "an isolate does not end"
