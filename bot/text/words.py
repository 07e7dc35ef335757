"""The few words that are put into a text, in the text's language: data/words.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in place of what has no words of its own; see data/words.toml."""

    someone: str
    role: str
    channel: str
    everyone: str
    here: str
    spoiler: str
    code: str
    link: str
    link_to: str
    at: str
    dot: str
    dash: str
    underscore: str
    plus: str
    id: str
    time: str
    customize: str
    browse: str
    guide: str
    linked_roles: str


def base_language(language: str | None) -> str:
    """Return the ISO 639-1 code without a region, "en" for none; nb and nn are Norwegian."""
    code = (language or "en").replace("_", "-").split("-")[0].lower()
    return "no" if code in ("nb", "nn") else code


def spoken_language(language: str | None, languages: Sequence[str]) -> str:
    """Return which of its `languages` an engine speaks for a text in `language`, ISO 639-1 codes.

    It is the engine's own, the first, where nobody says, and where it does not speak that one.
    """
    code = base_language(language) if language else ""
    return code if code in languages else languages[0]


def words_of(language: str | None) -> Words:
    """Return the words of `language` (as in `base_language`), the English ones if it has none."""
    known = _all_words()
    return known.get(base_language(language), known["en"])


@functools.cache
def _all_words() -> dict[str, Words]:
    file = resources.files("bot.text") / "data" / "words.toml"
    return {code: Words(**words) for code, words in tomllib.loads(file.read_text("utf-8")).items()}
