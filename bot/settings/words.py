"""Values of settings for people: what is set, and what can be set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from bot.i18n import N_, _, listed, locale, ngettext
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Picker

NameOf: TypeAlias = Callable[[Picker, int], str]
"""Names what an id stands for, such as by a mention, also where it is gone."""

MOST_NAMED = 10
"""Of several, so many are named; the rest is counted."""

_SEVERAL = {
    Picker.ROLE: N_("at most {most} roles"),
    Picker.MEMBER: N_("at most {most} members"),
    Picker.TEXT_CHANNEL: N_("at most {most} text channels"),
    Picker.VOICE_CHANNEL: N_("at most {most} voice channels"),
}
_ONE = {
    Picker.TEXT_CHANNEL: N_("a text channel"),
    Picker.VOICE_CHANNEL: N_("a voice channel"),
    Picker.VOICE: N_("a voice of this server or of the operator"),
}


def plain_id(_picker: Picker, identifier: int) -> str:
    """Name what an id stands for where nothing more is known: the id."""
    return str(identifier)


def shown(definition: Definition, value: Any, name_of: NameOf = plain_id) -> str:
    """Return a value for people, in the current language, with its unit and with names."""
    if value in (None, (), ""):
        return _(definition.empty)
    match definition.kind:
        case Kind.SWITCH:
            return _("on") if value else _("off")
        case Kind.WHOLE | Kind.NUMBER:
            return with_unit(definition, value)
        case Kind.CHOICE:
            return _((definition.choices or {}).get(value, value))
        case Kind.ONE | Kind.SEVERAL:
            return _named(definition, value, name_of)
        case _:
            return _("“{text}”").format(text=value)


def allowed(definition: Definition) -> str:
    """Return what a setting can be, in the current language: "a number from 0.5 to 2"."""
    match definition.kind:
        case Kind.SWITCH:
            return _("on or off")
        case Kind.WHOLE | Kind.NUMBER:
            return _range(definition)
        case Kind.CHOICE:
            return _("one of these: {values}").format(values=listed(definition.choices or {}))
        case Kind.ONE if definition.picker is not None:
            return _(_ONE[definition.picker])
        case Kind.SEVERAL if definition.picker is not None:
            return _(_SEVERAL[definition.picker]).format(most=definition.most)
        case _:
            return _("a text of at most {most} characters").format(most=definition.most)


def number(value: float) -> str:
    """Return a number as the current language writes it."""
    from babel.numbers import format_decimal  # the command line completes words without it

    text: str = format_decimal(value, format="0.##", locale=locale.get())
    return text


def with_unit(definition: Definition, value: float) -> str:
    """Return a number with the setting's unit."""
    unit = unit_of(definition, value)
    gap = "" if unit in ("", "×") else " "
    return f"{number(value)}{gap}{unit}"


def unit_of(definition: Definition, value: float) -> str:
    """Return a setting's unit as it stands behind a number; only minutes can be 1."""
    if definition.unit == "minutes":
        return ngettext("minute", "minutes", round(value))
    return _(definition.unit) if definition.unit else ""


def _range(definition: Definition) -> str:
    if definition.kind is Kind.WHOLE:
        text = _("a whole number from {lowest} to {highest}")
    else:
        text = _("a number from {lowest} to {highest}")
    lowest, highest = definition.lowest or 0, definition.highest or 0
    return text.format(lowest=number(lowest), highest=with_unit(definition, highest))


def _named(definition: Definition, value: Any, name_of: NameOf) -> str:
    picker = definition.picker
    assert picker is not None
    ids = value if isinstance(value, tuple) else (value,)
    names = listed(name_of(picker, identifier) for identifier in ids[:MOST_NAMED])
    if len(ids) <= MOST_NAMED:
        return names
    more = len(ids) - MOST_NAMED
    text = ngettext("{names} and {count} more", "{names} and {count} more", more)
    return text.format(names=names, count=more)
