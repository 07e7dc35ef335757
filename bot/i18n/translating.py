"""Translation by the locale of whoever reads or hears a text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from bot.i18n.catalogue import catalogue
from bot.i18n.locales import SOURCE_LOCALE
from bot.i18n.numbers import in_the_manner_of

locale: ContextVar[str] = ContextVar("locale", default=SOURCE_LOCALE)
"""In which language texts are made here; set for each interaction, and kept by its tasks."""


@contextlib.contextmanager
def in_locale(name: str) -> Iterator[None]:
    """Make the texts of the block in a language, such as what the whole server hears."""
    token = locale.set(name)
    try:
        yield
    finally:
        locale.reset(token)


def _(text: str) -> str:
    """Return `text` in the current language; in English where it is not translated.

    `.format` of what it returns writes numbers as that language does.
    """
    name = locale.get()
    if name == SOURCE_LOCALE or not text:  # the catalogue's entry for "" is its header
        return text
    return in_the_manner_of(name, catalogue(name).gettext(text))


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a text that belongs to `count`, in the current language."""
    name = locale.get()
    if name == SOURCE_LOCALE:
        return one if count == 1 else many
    return in_the_manner_of(name, catalogue(name).ngettext(one, many, count))


def pgettext(context: str, text: str) -> str:
    """Return `text` in the current language, where it means different things in English."""
    name = locale.get()
    if name == SOURCE_LOCALE:
        return text
    return in_the_manner_of(name, catalogue(name).pgettext(context, text))


def listed(texts: Iterable[str]) -> str:
    """Return texts that are translated already, one after another, as the current language does."""
    return ("、" if locale.get() == "ja" else ", ").join(texts)


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translated later"
    """Mark a text that is translated where it is shown."""
    return text
