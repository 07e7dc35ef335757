"""Where a dictionary comes into a text: what it has to offer, and its words that have marks."""

from __future__ import annotations

import re
from typing import Protocol

from bot.text.kept import KeptWords

_TOKEN = re.compile(r"(?<!\S)\S{1,100}(?!\S)")
_AROUND = re.compile(r"([(\[{\"'*_~|¿¡]*)(.*?)([.,;:!?…)\]}\"'*_~|]*)", re.DOTALL)


class Entries(Protocol):
    """What a dictionary says in one text, in the language of that."""

    def exact(self, written: str) -> str | None:
        """Return what is said for an emoji, `:name:` or a word with marks; None for no entry."""

    def replace(self, text: str) -> str:
        """Return words with the entries in place; what an entry says is not replaced again."""


class Dictionary(Protocol):
    """How words are spoken."""

    def entries(self, language: str | None) -> Entries:
        """Return what is for one text in a language, ISO 639-1; None is English."""


class NoEntries:
    """In place of a dictionary."""

    def exact(self, written: str) -> None:
        """Return None."""

    def replace(self, text: str) -> str:
        """Return `text`."""
        return text


NO_ENTRIES = NoEntries()


def read_marked(text: str, entries: Entries, kept: KeptWords) -> str:
    """Return a raw text with the entries in place that stand alone and have marks, as in "C++".

    Marks mean something to later steps, so these come before all of them.
    """
    return _TOKEN.sub(lambda token: _token(token[0], entries, kept), text)


def _token(token: str, entries: Entries, kept: KeptWords) -> str:
    if token.isalnum():
        return token
    around = _AROUND.fullmatch(token)
    assert around is not None
    for before, written, behind in (("", token, ""), around.groups()):
        said = entries.exact(written) if written and not written.isalnum() else None
        if said is not None:
            named = any(map(str.isalpha, written)) and written[0] != ":"
            return before + (kept.keep(said) if named else kept.keep_emoji(said)) + behind
    return token
