"""The definitions of the settings, read off the models: panel, checks and documents follow them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from bot.errors import UserError
from bot.i18n import _, listed
from bot.settings.definition import Page, Picker, Settings


class Kind(Enum):
    """What kind of value a setting has."""

    SWITCH = auto()
    WHOLE = auto()
    NUMBER = auto()
    TEXT = auto()
    CHOICE = auto()
    ONE = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class Definition:
    """A setting. label, meaning, unit, empty and choices are marked, not translated.

    lowest, highest: of a number. most: characters of a text, members of several. optional: None
    is a value. empty: what None, () or "" means. choices: what each value means.
    """

    key: str
    page: Page
    label: str
    meaning: str
    kind: Kind
    default: Any
    unit: str = ""
    empty: str = ""
    picker: Picker | None = None
    choices: Mapping[str, str] | None = None
    lowest: float | None = None
    highest: float | None = None
    most: int | None = None
    optional: bool = False


def definitions(model: type[Settings], page: Page | None = None) -> tuple[Definition, ...]:
    """Return the settings of a model, or of one page, in the order in which they are shown."""
    return tuple(d for d in _all(model).values() if page in (None, d.page))


def pages(model: type[Settings]) -> tuple[Page, ...]:
    """Return the pages that have settings, in their order."""
    used = {definition.page for definition in definitions(model)}
    return tuple(page for page in Page if page in used)


def definition(model: type[Settings], key: str) -> Definition:
    """Return one setting. Raises UserError, with keys that are close."""
    found = _all(model).get(key.strip().lower().replace("-", "_"))
    if found is None:
        raise UserError(_unknown(key, list(_all(model))))
    return found


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key.lower().replace("-", "_"), known)
    if close:
        return _("There is no setting “{key}”. Did you mean {close}?").format(
            key=key, close=listed(close)
        )
    return _("There is no setting “{key}”. There are: {known}.").format(
        key=key, known=listed(known)
    )


@cache
def _all(model: type[Settings]) -> Mapping[str, Definition]:
    schemas = model.model_json_schema()["properties"]
    return {key: _definition(key, model.model_fields[key], schemas[key]) for key in schemas}


def _definition(key: str, field: FieldInfo, schema: dict[str, Any]) -> Definition:
    about: Any = field.json_schema_extra
    options = schema.get("anyOf", [schema])
    value = next(option for option in options if option.get("type") != "null")
    return Definition(
        key=key,
        page=about["page"],
        label=field.title or key,
        meaning=field.description or "",
        kind=_kind(value, about),
        default=field.default,
        unit=about["unit"],
        empty=about["empty"],
        picker=about["picker"],
        choices=about["choices"] or None,
        lowest=value.get("minimum"),
        highest=value.get("maximum"),
        most=value.get("maxLength", value.get("maxItems")),
        optional=len(options) > 1,
    )


def _kind(value: dict[str, Any], about: dict[str, Any]) -> Kind:
    if about["choices"]:
        return Kind.CHOICE
    if about["picker"] and value["type"] == "integer":
        return Kind.ONE
    return {
        "boolean": Kind.SWITCH,
        "integer": Kind.WHOLE,
        "number": Kind.NUMBER,
        "string": Kind.TEXT,
        "array": Kind.SEVERAL,
    }[value["type"]]
