"""Values of settings from people: read from a text, and checked."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pydantic import ValidationError

from bot.errors import UserError
from bot.i18n import _
from bot.settings.catalogue import Definition, Kind, definition
from bot.settings.definition import Settings
from bot.settings.words import allowed, unit_of

_ON = frozenset({"on", "yes", "true", "1"})
_OFF = frozenset({"off", "no", "false", "0"})
_NUMBER = re.compile(r"(?P<number>[+-]?\d+(?:[.,]\d+)?|[+-]?[.,]\d+)")
_MENTION = re.compile(r"<(?:@[&!]?|#)(\d+)>")
_NOTHING = frozenset({"", "-", "none", "nobody", "nothing", "everybody", "all", "nowhere"})
_LONGEST_NUMBER = 20


def parse(model: type[Settings], key: str, text: str) -> Any:
    """Return the value that a text stands for, checked.

    Switches: on, off, yes, no. Numbers: with or without the unit, and with a decimal comma. Roles,
    members, channels: ids or mentions; "none", "everybody" or "" for the empty one.

    Raises UserError, which says what is allowed.
    """
    about = definition(model, key)
    return checked(model, about.key, _read(about, text))


def checked(model: type[Settings], key: str, value: Any) -> Any:
    """Return a value as the model has it, for a key that exists.

    Raises UserError, which says what is allowed.
    """
    about = definition(model, key)
    try:
        return getattr(model.model_validate({about.key: value}), about.key)
    except ValidationError:
        raise refused(about) from None


def refused(about: Definition) -> UserError:
    """Return the refusal of a value."""
    return UserError(
        _("“{label}” takes {allowed}. Nothing was changed.").format(
            label=_(about.label), allowed=allowed(about)
        )
    )


def _read(about: Definition, text: str) -> Any:
    plain = unicodedata.normalize("NFKC", text).strip()
    match about.kind:
        case Kind.SWITCH:
            return _switch(about, plain.casefold())
        case Kind.TEXT:
            return text if text.strip() or not about.optional else None
        case _ if about.optional and plain.casefold() in _NOTHING:
            return None
        case Kind.WHOLE | Kind.NUMBER:
            return _number(about, plain)
        case Kind.CHOICE:
            return _choice(about, plain.casefold())
        case Kind.SEVERAL:
            return () if plain.casefold() in _NOTHING else _ids(about, plain)
        case _:
            return _ids(about, plain)[0]


def _switch(about: Definition, word: str) -> bool:
    if word in _ON | {_("on").casefold()}:
        return True
    if word in _OFF | {_("off").casefold()}:
        return False
    raise refused(about)


def _number(about: Definition, text: str) -> float | int:
    plain = text.replace("−", "-")
    units = {about.unit, unit_of(about, 1), unit_of(about, 2), "x", "×"} - {""}
    for unit in sorted(units, key=len, reverse=True):
        plain = plain.removesuffix(unit).removeprefix(unit).strip()
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise refused(about)
    number = float(plain.replace(",", "."))
    return int(number) if number.is_integer() else number


def _choice(about: Definition, word: str) -> str:
    choices = about.choices or {}
    for value, meaning in choices.items():
        if word in (value.casefold(), meaning.casefold(), _(meaning).casefold()):
            return value
    raise refused(about)


def _ids(about: Definition, text: str) -> tuple[int, ...]:
    words = [word for word in re.split(r"[\s,;]+", _MENTION.sub(r" \1 ", text)) if word]
    if not words or not all(word.isascii() and word.isdigit() for word in words):
        raise refused(about)
    if about.kind is Kind.ONE and len(words) > 1:
        raise refused(about)
    if any(len(word) > _LONGEST_NUMBER for word in words):
        raise refused(about)
    return tuple(int(word) for word in words)
