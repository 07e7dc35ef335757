"""Texts that are made where nobody knows who will read them: in workers, tasks and the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.i18n.locales import SOURCE_LOCALE
from bot.i18n.translating import _, listed, locale

_FIRST_PART = "part_0"


class Translatable(str):
    """A text in English that can still be translated; it survives pickling.

    template: the text with named {placeholders}, as in the catalogues. values: what they stand for;
    those that are translatable are translated too.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Translatable:
        """Make the English text."""
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template, self.values = template, values
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.template, self.values)


def joined(parts: Iterable[str], separator: str = " ") -> Translatable:
    """Return several texts as one: sentences, or with another separator a list."""
    values = {f"part_{number}": part for number, part in enumerate(parts)}  # `_FIRST_PART` etc.
    return Translatable(separator.join(f"{{{name}}}" for name in values), **values)


def _restored(template: str, values: dict[str, Any]) -> Translatable:
    return Translatable(template, **values)


def translated(text: str) -> str:
    """Return a text in the current language, if it is translatable; else as it is."""
    if not isinstance(text, Translatable):
        return text
    if locale.get() == SOURCE_LOCALE:
        return str(text)
    values = {name: _value(value) for name, value in text.values.items()}
    template = _(text.template)
    if _FIRST_PART in values:  # of `joined`; no catalogue has it
        template = template.replace(", ", listed(("", "")))
    return template.format(**values) if values else template


def error_text(error: BaseException) -> str:
    """Return an error's text in the current language, if it is translatable; else as it is."""
    text = error.args[0] if error.args else None
    return translated(text) if isinstance(text, Translatable) else str(error)


def _value(value: Any) -> Any:
    return translated(value) if isinstance(value, str) else value
