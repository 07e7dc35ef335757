"""Which menus and buttons a panel has where somebody is, within Discord's five rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import discord

from bot.i18n import _
from bot.settings.catalogue import Definition
from bot.settings.definition import Picker
from cogs.settings.controls import MAX_OPTIONS, SECTION_ROW, SETTING_ROW, Menu, Press, option
from cogs.settings.editors import Editing, groups_of, is_typed, menus_of, switch_of
from cogs.settings.sections import Section


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the panel somebody is.

    group: which 25 of several. search: what the voices are searched for. typed: what was typed and
    could not be taken.
    """

    section: Section
    definition: Definition | None = None
    group: int = 0
    search: str = ""
    typed: str | None = None


class Actions(Protocol):
    """What menus and buttons do."""

    async def open_section(self, interaction: discord.Interaction[Any], key: str, /) -> None:
        """Show another section."""

    async def open_setting(self, interaction: discord.Interaction[Any], key: str, /) -> None:
        """Show a setting and what changes it."""

    async def change(
        self, seen: Editing, interaction: discord.Interaction[Any], value: Any, /
    ) -> None:
        """Store a value in place of the one that was seen; None takes it back to the default."""

    async def type_value(self, seen: Editing, interaction: discord.Interaction[Any], /) -> None:
        """Open the dialog in which a value is typed."""

    async def type_search(self, interaction: discord.Interaction[Any], /) -> None:
        """Open the dialog in which the name of a voice is typed."""

    async def open_group(self, interaction: discord.Interaction[Any], number: int, /) -> None:
        """Show others of several."""

    async def go_back(self, interaction: discord.Interaction[Any], /) -> None:
        """Show the section again."""


def section_menu(place: Place, sections: Sequence[Section], actions: Actions) -> Menu:
    """Return the menu of the sections."""
    options = [
        option(section.title, section.key, chosen=section.key == place.section.key)
        for section in sections
    ]
    return Menu("section", _("Choose a page"), options, actions.open_section, SECTION_ROW)


def setting_menu(place: Place, actions: Actions) -> Menu:
    """Return the menu of the section's settings."""
    chosen = place.definition.key if place.definition is not None else None
    options = [
        option(_(each.label), each.key, _(each.meaning), chosen=each.key == chosen)
        for each in place.section.definitions
    ]
    placeholder = _("Choose a setting to change")
    return Menu("setting", placeholder, options, actions.open_setting, SETTING_ROW)


def editor(editing: Editing, actions: Actions) -> Iterator[discord.ui.Item[Any]]:
    """Yield what changes one setting."""
    definition, changed = editing.definition, editing.value != editing.definition.default
    change = partial(actions.change, editing)
    yield from menus_of(editing, change)
    yield from switch_of(editing, change)
    if is_typed(definition):
        typing = partial(actions.type_value, editing)
        yield Press("type", _("Change"), typing, discord.ButtonStyle.primary)
    yield from _search(editing, actions)
    yield from _turning(editing, actions)

    async def reset(interaction: discord.Interaction[Any]) -> None:
        await change(interaction, None)

    yield Press("reset", _("Reset to default"), reset, disabled=not changed)
    yield Press("back", _("Back"), actions.go_back)


def _search(editing: Editing, actions: Actions) -> Iterator[Press]:
    many = len(editing.voices) >= MAX_OPTIONS or editing.search
    if editing.definition.picker is Picker.VOICE and many:
        yield Press("search", _("Search"), actions.type_search)


def _turning(editing: Editing, actions: Actions) -> Iterator[Press]:
    """Yield the buttons to those before and after the group that is shown."""
    groups, group = groups_of(editing.definition, editing.value), editing.group
    if groups == 1:
        return

    async def earlier(interaction: discord.Interaction[Any]) -> None:
        await actions.open_group(interaction, group - 1)

    async def later(interaction: discord.Interaction[Any]) -> None:
        await actions.open_group(interaction, group + 1)

    yield Press("earlier", _("Previous"), earlier, disabled=group == 0)
    yield Press("later", _("Next"), later, disabled=group == groups - 1)
