"""Numbers in texts as the text's language writes them."""

from __future__ import annotations

from functools import cache
from typing import Any

_SWAPPED = str.maketrans(",.", "\0\1")


def in_the_manner_of(locale: str, text: str) -> str:
    """Return `text` whose `.format` writes numbers as people of `locale` do."""
    return _Text(text, locale)


class _Text(str):
    """A text in a language; `str.format` itself knows only English numbers."""

    _locale: str

    def __new__(cls, text: str, locale: str) -> _Text:
        self = super().__new__(cls, text)
        self._locale = locale
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # for `deepcopy`
        return str(self), self._locale

    def format(self, *args: Any, **values: Any) -> str:
        shown = [_shown(value, self._locale) for value in args]
        return super().format(*shown, **{k: _shown(v, self._locale) for k, v in values.items()})


class _Number:
    """A number that formats itself as English does, but with another language's marks."""

    def __init__(self, value: float, locale: str) -> None:
        self._value, self._locale = value, locale

    def __format__(self, spec: str) -> str:
        decimal, group = _marks(self._locale)
        written = format(self._value, spec).translate(_SWAPPED)
        return written.replace("\0", group).replace("\1", decimal)


def _shown(value: Any, locale: str) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _Number(value, locale) if is_number else value


@cache
def _marks(locale: str) -> tuple[str, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol  # not at `mynah --help`

    return get_decimal_symbol(locale), get_group_symbol(locale)
