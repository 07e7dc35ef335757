"""The catalogues as files: gettext's .po, written by babel."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from tools.catalogues.sources import ROOT, Marked

DIRECTORY = ROOT / "bot" / "i18n" / "catalogues"


PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "ja": "nplurals=1; plural=0;",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
}
"""Gettext's own. CLDR has a third form in Spanish and French, for millions that nobody has here."""


def path_of(locale: str) -> Path:
    """Return where a language's catalogue lies."""
    return DIRECTORY / f"{locale}.po"


def template_of(texts: Iterable[Marked]) -> Catalog:
    """Return a catalogue of the texts without translations."""
    template = Catalog(charset="utf-8", fuzzy=False)
    for marked in texts:
        flags = ("python-brace-format",) if "{" in marked.text else ()
        template.add(marked.key, context=marked.context, flags=flags)
    return template


def read(locale: str) -> Catalog:
    """Return a language's catalogue; an empty one if there is no file."""
    path = path_of(locale)
    if not path.exists():
        return _empty(locale)
    with path.open("rb") as file:
        return read_po(file, locale)


def updated(locale: str, template: Catalog) -> Catalog:
    """Return a language's catalogue with the template's texts, and no others.

    A text that changed is a new one: what was said of another is no translation.
    """
    old, new = read(locale), _empty(locale)
    for message in template:
        if message.id:
            known = old.get(_first(message.id), message.context)
            new.add(
                message.id,
                known.string if known and known.id == message.id else None,
                context=message.context,
                flags=message.flags,
            )
    return new


def _empty(locale: str) -> Catalog:
    catalog = Catalog(locale, charset="utf-8", fuzzy=False)
    catalog.mime_headers = [("Plural-Forms", PLURALS[locale])]
    return catalog


def is_translated(message: Message) -> bool:
    """Whether a text has its translation, and each of its plural forms."""
    strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return bool(strings) and all(strings)


def content_of(catalog: Catalog) -> bytes:
    """Return a catalogue as a file, without dates: only translations make it differ."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, no_location=True, omit_header=True, sort_output=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {PLURALS[str(catalog.locale)]}\\n"\n\n'
    )
    return header.encode() + file.getvalue()


def _first(key: str | tuple[str, ...] | list[str]) -> str:
    return key if isinstance(key, str) else key[0]
