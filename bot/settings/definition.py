"""What a setting is: a field of a model with a page, a label and a meaning."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.i18n import N_

T = TypeVar("T", bound=BaseModel)


class Page(StrEnum):
    """The pages of the panel."""

    SPEAKING = N_("Speaking")
    READING = N_("Reading")
    VOICES = N_("Voices")
    CONSENT = N_("Consent")
    LIMITS = N_("Limits")
    CHANNELS = N_("Channels")
    LANGUAGE = N_("Language")


class Picker(StrEnum):
    """What kind of thing an id, or each of a tuple of ids, stands for."""

    ROLE = "role"
    MEMBER = "member"
    TEXT_CHANNEL = "text channel"
    VOICE_CHANNEL = "voice channel"
    VOICE = "voice"


def _one_line(text: str) -> str:
    """Return a text without what cannot be stored, shown or said."""
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise ValueError("not a text")
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def _each_once(ids: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))


Line = Annotated[str, AfterValidator(_one_line)]
"""One line of text, without spaces around it."""

Id = Annotated[int, Field(gt=0, lt=2**63)]
Ids = Annotated[tuple[Id, ...], AfterValidator(_each_once), Field(max_length=25)]
ManyIds = Annotated[tuple[Id, ...], AfterValidator(_each_once), Field(max_length=200)]


class Settings(BaseModel):
    """A frozen set of settings; what it is given is checked by its fields."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    @classmethod
    def from_stored(cls: type[T], values: Mapping[str, Any]) -> T:
        """Return the settings with what was stored; what is unknown or not allowed is left out."""
        settings = cls()
        for key, value in values.items():
            try:
                checked = cls.model_validate({key: value})
            except ValueError:  # of an older or newer program
                continue
            settings = settings.model_copy(update={key: getattr(checked, key)})
        return settings


def setting(
    default: Any,
    page: Page,
    label: str,
    meaning: str,
    *,
    unit: str = "",
    empty: str = "",
    picker: Picker | None = None,
    choices: Mapping[str, str] | None = None,
    **bounds: Any,
) -> Any:
    """Return a field: a setting with its default, its range and what people are told of it.

    label: 45 characters at most, Discord's bound for a modal's field. empty: what None, () or ""
    means. choices: what each value that can be chosen means. bounds: of pydantic (ge, le,
    max_length, ...).
    """
    extra: Any = {
        "page": page,
        "unit": unit,
        "empty": empty,
        "picker": picker,
        "choices": dict(choices or {}),
    }
    return Field(default, title=label, description=meaning, json_schema_extra=extra, **bounds)
