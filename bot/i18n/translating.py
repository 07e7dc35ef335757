"""Translation by the locale of whoever reads or hears a text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

SOURCE_LOCALE = "en"

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
    """Return `text` in the current language."""
    return text


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a text that belongs to `count`, in the current language."""
    return one if count == 1 else many


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translated later"
    """Mark a text that is translated where it is shown."""
    return text
