"""The panel of `/settings` and `/me`: one message in which settings are looked at and changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import discord
from discord import app_commands

from bot.command_tree import answer_error, explain
from bot.errors import UserError
from bot.i18n import _
from bot.markup import literal
from bot.settings.catalogue import Definition
from bot.settings.catalogue import definition as definition_of
from bot.settings.definition import Picker, Settings
from bot.settings.values import parse
from bot.settings.words import allowed
from cogs.settings import drawing
from cogs.settings.controls import cut
from cogs.settings.dialogs import Field, TypingDialog
from cogs.settings.editors import (
    Editing,
    group_text,
    groups_of,
    may_be_empty,
    most_characters,
    text_of,
)
from cogs.settings.hints import hint_about
from cogs.settings.layout import Place, editor, section_menu, setting_menu
from cogs.settings.loading import load_names
from cogs.settings.naming import Names
from cogs.settings.sections import Section
from cogs.settings.subjects import Subject
from cogs.ui import Interaction, command_names
from cogs.views import OwnedView
from storage.errors import VoiceRequestError
from storage.names import MAX_NAME_LENGTH
from storage.types import VoiceProfile

Work: TypeAlias = Callable[[Interaction], Awaitable[str]]
"""Does something for who asks, and returns a note about it."""

MAX_TYPED_SHOWN = 60
"""Characters of what was typed and is refused."""


class Panel(OwnedView):
    """Shows a section of settings, or one of them with what changes it.

    Whatever is pressed, it is drawn anew from what is stored then. changing: held between asking
    whether a value is as it was seen and storing another; one for all panels.
    """

    def __init__(
        self,
        interaction: Interaction,
        subject: Subject,
        sections: Sequence[Section],
        changing: asyncio.Lock,
    ) -> None:
        super().__init__(interaction)
        self.subject, self.sections = subject, sections
        self.asks = interaction
        """What was pressed last, which knows the member's roles as they are now."""
        self._changing = changing
        self.place = Place(sections[0])
        self._dialog: TypingDialog | None = None
        self._one_at_a_time = asyncio.Lock()

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the press counts."""
        return await super().interaction_check(interaction) and await self._permits(interaction)

    async def _permits(self, interaction: Interaction) -> bool:
        """Whether the member may still change this; the panel ends if not."""
        try:
            self.subject.require_permission(interaction)
        except app_commands.MissingPermissions as error:
            self.stop()
            await answer_error(interaction, error)
            await self.edit(view=None)
            return False
        return True

    # What is shown ---------------------------------------------------------------------

    async def draw(self, note: str = "") -> discord.Embed:
        """Return what is stored now, with what changes it in place. Raises StorageError."""
        settings, place = await self.subject.read(), self.place
        names = await load_names(self.asks, place.section.definitions, settings)
        if place.definition is None:
            return self.lay_out(settings, names, [note])
        hint = hint_about(names.guild, place.definition, settings)
        voices: Sequence[VoiceProfile] = ()
        if place.definition.picker is Picker.VOICE:
            voices = await self.subject.voices(self.asks, place.search)
            value = getattr(settings, place.definition.key)
            hint = await self._voice_hint(value) if voices else self._no_voice()
        return self.lay_out(settings, names, [note, hint and drawing.refusal(hint)], voices)

    def _no_voice(self) -> str:
        if self.place.search:
            return _("There is no such voice.")
        command = command_names(self.asks)
        text = _(self.subject.without_voices)
        return text.format(enroll=command("enroll"), share=command("voice share"))

    async def _voice_hint(self, chosen: int | None) -> str:
        return await self.subject.silence(self.asks, chosen) if chosen is not None else ""

    def lay_out(
        self,
        settings: Settings,
        names: Names,
        notes: Iterable[str] = (),
        voices: Sequence[VoiceProfile] = (),
    ) -> discord.Embed:
        """Put menus and buttons in place and return the card above them."""
        note = "\n".join(filter(None, notes))
        self.clear_items()
        if len(self.sections) > 1:
            self.add_item(section_menu(self.place, self.sections, self))
        section, chosen = self.place.section, self.place.definition
        if section.definitions:
            self.add_item(setting_menu(self.place, self))
        if chosen is None:
            return drawing.overview(self.subject.title, section, settings, names, note)
        value = getattr(settings, chosen.key)
        group = min(self.place.group, groups_of(chosen, value) - 1)
        editing = Editing(chosen, value, names, group, self.place.search, voices)
        for control in editor(editing, self):
            self.add_item(control)
        note = "\n".join(filter(None, [note, group_text(editing)]))
        return drawing.one(self.subject.title, chosen, settings, names, note)

    async def _act(self, interaction: Interaction, work: Work) -> None:
        """Do one thing after the other, and show what became of it."""
        await interaction.response.defer()
        async with self._one_at_a_time:
            self.asks = interaction
            note = await work(interaction)
            await self.edit(embed=await self.draw(note), view=self)

    def _place_of(self, definition: Definition) -> Place:
        key = definition.key  # what it can be is narrowed here by what the operator allows
        return next(
            Place(section, each)
            for section in self.sections
            for each in section.definitions
            if each.key == key
        )

    async def _go(self, interaction: Interaction, place: Place) -> None:
        async def work(_asks: Interaction) -> str:
            self.place = place
            return ""

        await self._act(interaction, work)

    # What is pressed -------------------------------------------------------------------

    async def open_section(self, interaction: Interaction, key: str, /) -> None:
        """Show another section."""
        section = next(section for section in self.sections if section.key == key)
        await self._go(interaction, Place(section))

    async def open_setting(self, interaction: Interaction, key: str, /) -> None:
        """Show a setting and what changes it."""
        definition = definition_of(self.subject.model, key)
        await self._go(interaction, self._place_of(definition))

    async def open_group(self, interaction: Interaction, number: int, /) -> None:
        """Show others of several."""
        await self._go(interaction, replace(self.place, group=max(0, number)))

    async def go_back(self, interaction: Interaction, /) -> None:
        """Show the section again."""
        await self._go(interaction, Place(self.place.section))

    async def change(self, seen: Editing, interaction: Interaction, value: Any, /) -> None:
        """Store a value; None takes it back to the default."""
        await self._act(interaction, lambda asks: self._change(asks, seen, value))

    async def type_value(self, seen: Editing, interaction: Interaction, /) -> None:
        """Open the dialog in which a value is typed."""
        definition, typed = seen.definition, self.place.typed
        if typed is None:
            typed = text_of(definition, seen.value)

        async def taken(submitted: Interaction, text: str) -> None:
            await self._submitted(submitted, lambda asks: self._take(asks, seen, text))

        field = Field(
            _(definition.label), allowed(definition), typed, most_characters(definition),
            required=not may_be_empty(definition),
        )  # fmt: skip
        await self._show(interaction, TypingDialog(field, taken, self.remaining()))

    async def type_search(self, interaction: Interaction, /) -> None:
        """Open the dialog in which the name of a voice is typed."""

        async def taken(submitted: Interaction, text: str) -> None:
            await self._submitted(submitted, lambda _asks: self._search(text))

        hint = _("How a word of its name begins; empty shows all")
        field = Field(_("Voice"), hint, self.place.search, MAX_NAME_LENGTH, required=False)
        await self._show(interaction, TypingDialog(field, taken, self.remaining()))

    async def _show(self, interaction: Interaction, dialog: TypingDialog) -> None:
        if self._dialog is not None:
            self._dialog.stop()  # a client shows one at a time; discord.py keeps all
        self._dialog = dialog
        await interaction.response.send_modal(dialog)

    async def _submitted(self, interaction: Interaction, work: Work) -> None:
        if await self._permits(interaction):
            await self._act(interaction, work)

    # What is done ----------------------------------------------------------------------

    async def _search(self, text: str) -> str:
        self.place = replace(self.place, search=text.strip())
        return ""

    async def _take(self, asks: Interaction, seen: Editing, text: str) -> str:
        """Store what was typed; what cannot be taken stays in the dialog."""
        self.place = replace(self._place_of(seen.definition), typed=text)
        try:
            value = parse(self.subject.model, seen.definition.key, text)
        except UserError as error:
            return _refused(text, error)
        return await self._change(asks, seen, value, typed=text)

    async def _change(
        self, asks: Interaction, seen: Editing, value: Any, *, typed: str | None = None
    ) -> str:
        """Store a value unless another one was stored since the member saw it."""
        async with self._changing:
            now = await self.subject.read()
            if getattr(now, seen.definition.key) != seen.value:
                return drawing.refusal(
                    _("This was changed meanwhile, so I changed nothing. See what it is now.")
                )
            try:
                await self.subject.change(asks, seen.definition, value)
            except (UserError, VoiceRequestError) as error:
                return _refused(typed, error)
        self.place = replace(self.place, typed=None)
        return drawing.done(_("Saved."))


def _refused(typed: str | None, error: UserError | VoiceRequestError) -> str:
    if typed is None:
        return drawing.refusal(explain(error) or "")
    told = _("You typed “{text}”.").format(text=literal(cut(typed, MAX_TYPED_SHOWN)))
    return drawing.refusal(f"{explain(error)} {told}")
