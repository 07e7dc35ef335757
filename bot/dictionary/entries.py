"""Entries of a dictionary: what may be written, and what is said for it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import emoji

from bot.dictionary.patterns import check_pattern
from bot.errors import UserError
from bot.i18n import _
from bot.languages import LANGUAGES
from storage.dictionary import Entry

MAX_WRITTEN = 100
MAX_SPOKEN = 200
"""Characters. What one entry says is heard for up to 15 s."""

_INVISIBLE = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"))
_SPACES = re.compile(r"\s+")
_CUSTOM_EMOJI = re.compile(r"<a?:(\w{1,64}):\d{1,25}>")


def checked(entry: Entry) -> Entry:
    """Return an entry as it is stored. Takes some ms for a pattern, 0.4 s at the most.

    Raises UserError for what cannot be an entry.
    """
    _check_lengths(entry)  # first: what follows takes its time with long texts
    _check_characters(entry)
    written = entry.written if entry.pattern else word_form(entry.written)
    # What is said for a pattern may begin with a space, because a pattern finds parts of words.
    spoken = _SPACES.sub(" ", entry.spoken)
    entry = replace(entry, written=written, spoken=spoken if entry.pattern else spoken.strip())
    _check_lengths(entry)  # some letters become several in NFC
    if entry.language and entry.language not in LANGUAGES:
        raise UserError(
            _("I know no language {language}. Use a code such as de, or none.").format(
                language=entry.language[:20]
            )
        )
    if entry.pattern:
        check_pattern(entry.written, entry.spoken)
    return entry


def word_form(written: str) -> str:
    """Return a word or an emoji as it is stored. Raises UserError for more than one emoji."""
    written = unicodedata.normalize("NFC", " ".join(written.split()))
    written = _CUSTOM_EMOJI.sub(r":\1:", written)
    if written.isascii():
        return written
    emojis = [found for found in emoji.emoji_list(written) if not _ordinary(found["emoji"])]
    if emojis and emojis[0]["emoji"] != written:
        raise UserError(_("An entry is either one emoji or words. Make an entry for each."))
    return written


def _ordinary(sign: str) -> bool:
    """Whether an emoji is a mark of ordinary texts, too."""
    return sign in "©®™‼⁉"


def _check_characters(entry: Entry) -> None:
    for text in (entry.written, entry.spoken):
        if any(unicodedata.category(character) in ("Cs", "Co") for character in text) or (
            any(unicodedata.category(c) == "Cc" and not c.isspace() for c in text)
        ):
            raise UserError(_("There are characters in it that are none. Type it anew."))


def _check_lengths(entry: Entry) -> None:
    if all(unicodedata.category(character) in _INVISIBLE for character in entry.written):
        raise UserError(_("Write what the entry is for."))
    for name, text, most in (
        ("written", entry.written, MAX_WRITTEN),
        ("spoken", entry.spoken, MAX_SPOKEN),
    ):
        if len(text) > most:
            raise UserError(
                _("“{option}” has {count:,} characters; the limit is {limit}.").format(
                    option=name, count=len(text), limit=most
                )
            )
