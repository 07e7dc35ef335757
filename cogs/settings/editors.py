"""What changes one setting: a menu, buttons, or a dialog, by the kind of its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.i18n import _
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Picker
from bot.settings.words import number
from cogs.settings.controls import MAX_OPTIONS, Chosen, Menu, Press, option, picker_of
from cogs.settings.naming import Names
from storage.forgotten import is_stand_in
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

_MAX_NUMBER_LENGTH = 20
_MAX_INPUT_LENGTH = 4000

_LEFT = "default"
"""Of an option that stands for None; Discord takes no empty one."""


@dataclass(frozen=True, slots=True)
class Editing:
    """A setting that is being changed.

    group: which 25 of several. search: what the voices were searched for. voices: those that are
    offered.
    """

    definition: Definition
    value: Any
    names: Names
    group: int = 0
    search: str = ""
    voices: Sequence[VoiceProfile] = ()


def is_typed(definition: Definition) -> bool:
    """Whether the value is typed into a dialog."""
    return definition.kind in (Kind.WHOLE, Kind.NUMBER, Kind.TEXT) or _too_many(definition)


def _too_many(definition: Definition) -> bool:
    choices = len(definition.choices or ()) + definition.optional
    return definition.kind is Kind.CHOICE and choices > MAX_OPTIONS


def text_of(definition: Definition, value: Any) -> str:
    """Return a value as it could have been typed."""
    if value is None:
        return ""
    return number(value) if definition.kind in (Kind.WHOLE, Kind.NUMBER) else str(value)


def most_characters(definition: Definition) -> int:
    """Return how much can be typed."""
    if definition.kind is not Kind.TEXT:
        return _MAX_NUMBER_LENGTH
    return min(definition.most or _MAX_INPUT_LENGTH, _MAX_INPUT_LENGTH)


def may_be_empty(definition: Definition) -> bool:
    """Whether nothing need be typed."""
    return definition.optional or (definition.kind is Kind.TEXT and definition.empty != "")


def menus_of(editing: Editing, change: Chosen) -> Iterator[discord.ui.Item[Any]]:
    """Yield the menu from which a value is chosen, if it is chosen from one."""
    definition = editing.definition
    if definition.picker is Picker.VOICE:
        if editing.voices:
            yield _voice_menu(editing, change)
    elif definition.kind is Kind.ONE:
        yield _picker(editing, change)
    elif definition.kind is Kind.SEVERAL:
        yield _group_picker(editing, change)
    elif definition.kind is Kind.CHOICE and not _too_many(definition):
        yield _choice_menu(editing, change)


def switch_of(editing: Editing, change: Chosen) -> Iterator[Press]:
    """Yield the button that turns a switch the other way."""
    if editing.definition.kind is not Kind.SWITCH:
        return
    off = bool(editing.value)

    async def turn(interaction: discord.Interaction[Any]) -> None:
        await change(interaction, not off)

    label = _("Turn off") if off else _("Turn on")
    yield Press("turn", label, turn, discord.ButtonStyle.primary)


def groups_of(definition: Definition, value: Any) -> int:
    """Return how many groups of 25 there are, the last one with room for more."""
    if definition.kind is not Kind.SEVERAL:
        return 1
    return min(len(value) // MAX_OPTIONS + 1, -(-(definition.most or MAX_OPTIONS) // MAX_OPTIONS))


def group_text(editing: Editing) -> str:
    """Return which of several the menu holds, where it cannot hold all; else ""."""
    if groups_of(editing.definition, editing.value) == 1:
        return ""
    count, first = len(editing.value), editing.group * MAX_OPTIONS + 1
    if first > count:
        return _("The menu has room for more; the {count} before stay.").format(count=count)
    return _("The menu holds {first} to {last} of {count}.").format(
        first=first, last=min(count, first + MAX_OPTIONS - 1), count=count
    )


def _choice_menu(editing: Editing, change: Chosen) -> Menu:
    definition = editing.definition
    offered = [(_LEFT, definition.empty)] if definition.optional else []
    options = [
        option(_(meaning), value, chosen=value == (editing.value or _LEFT))
        for value, meaning in [*offered, *(definition.choices or {}).items()]
    ]

    async def chosen(interaction: discord.Interaction[Any], value: str) -> None:
        await change(interaction, None if value == _LEFT else value)

    return Menu("value", _(definition.label), options, chosen)


def _voice_menu(editing: Editing, change: Chosen) -> Menu:
    options = [
        option(
            voice.name,
            str(voice.id),
            _("shared by my operator") if voice.guild_id == OPERATOR_GUILD_ID else "",
            chosen=voice.id == editing.value,
        )
        for voice in editing.voices
    ]

    async def chosen(interaction: discord.Interaction[Any], value: str) -> None:
        await change(interaction, int(value))

    return Menu("value", _("Choose a voice"), options, chosen)


def _picker(editing: Editing, change: Chosen) -> discord.ui.Item[Any]:
    """Return Discord's menu of things, for one."""

    async def chosen(interaction: discord.Interaction[Any], picked: tuple[int, ...]) -> None:
        await change(interaction, picked[0] if picked else None)

    ids = () if editing.value is None else (editing.value,)
    return picker_of(editing.definition, _still_there(editing, ids), 1, chosen)


def _group_picker(editing: Editing, change: Chosen) -> discord.ui.Item[Any]:
    """Return Discord's menu of things, for the 25 of a group; those of the others stay."""
    start = editing.group * MAX_OPTIONS
    most = min(MAX_OPTIONS, (editing.definition.most or MAX_OPTIONS) - start)
    before, here = editing.value[:start], editing.value[start : start + most]
    # Who deleted their data cannot be picked, but stays blocked.
    after = (*filter(is_stand_in, here), *editing.value[start + most :])

    async def chosen(interaction: discord.Interaction[Any], picked: tuple[int, ...]) -> None:
        await change(interaction, (*before, *picked, *after))

    ids = _still_there(editing, here)
    return picker_of(editing.definition, ids, most, chosen)


def _still_there(editing: Editing, ids: Iterable[int]) -> list[int]:
    # Discord refuses a menu that has chosen what does not exist any more.
    picker = editing.definition.picker
    return [each for each in ids if picker is None or editing.names.knows(picker, each)]
