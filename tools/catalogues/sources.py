"""The texts that the sources mark for translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cogs", "storage")

ONE = {"_", "N_", "Translatable", "translatable"}
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
STORAGE_ERRORS = {
    "InvalidNameError",
    "NameTakenError",
    "NoFormerClipError",
    "NotSharedError",
    "SharingRefusedError",
    "TooManyBlockedError",
    "VoiceNotFoundError",
    "VoiceRequestError",
}
"""Their first argument is a text of the catalogues; see `storage.errors.VoiceRequestError`."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text as it stands in the source. many: its plural. context: where it means other things."""

    text: str
    many: str | None = None
    context: str | None = None

    @property
    def key(self) -> str | tuple[str, str]:
        """What babel's catalogues call it."""
        return self.text if self.many is None else (self.text, self.many)


def source_files() -> list[Path]:
    """Return what is searched; the command line stays English."""
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return [path for path in files if not path.is_relative_to(ROOT / "bot" / "cli")]


@cache
def parsed_sources() -> tuple[tuple[Path, ast.Module], ...]:
    """Return the files with their syntax trees; they are read once."""
    files = source_files()
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in files)


def marked_texts() -> Iterator[Marked]:
    """Yield all marked texts, some of them more than once."""
    for _path, tree in parsed_sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from _of_call(node.func.id, [literal(argument) for argument in node.args])


def literal(node: ast.expr) -> str | None:
    """Return a node's text, if it is one as it stands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _has_words(text: str) -> bool:
    return any(c.isalpha() or c in "“”." for c in _PLACEHOLDER.sub("", text))


def _of_call(name: str, texts: list[str | None]) -> Iterator[Marked]:
    match name, texts:
        case ("ngettext", [str(one), str(many), *_]):
            yield Marked(one, many)
        case ("pgettext", [str(context), str(text)]):
            yield Marked(text, context=context)
        case (_, [str(text), *_]) if _has_words(text) and (name in ONE or name in STORAGE_ERRORS):
            yield Marked(text)
