"""The panel of `/me`: a member's own settings, and what is stored about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import discord

from bot.i18n import N_, _
from bot.settings.catalogue import definitions
from bot.settings.definition import Settings
from bot.settings.member import MemberSettings
from cogs.settings import drawing
from cogs.settings.controls import Press
from cogs.settings.data import data_card
from cogs.settings.naming import Names
from cogs.settings.panel import Panel
from cogs.settings.sections import Section, split
from cogs.settings.subjects import MemberSubject
from cogs.ui import Interaction
from storage.types import VoiceProfile

_DATA = Section(N_("What is stored about you"))


def member_sections() -> list[Section]:
    """Return what the panel shows: few settings, so they need no pages."""
    return [*split(N_("Your settings"), definitions(MemberSettings)), _DATA]


class MemberPanel(Panel):
    """Also has a page that says what is stored about the member on this server."""

    def __init__(self, interaction: Interaction, changing: asyncio.Lock) -> None:
        super().__init__(interaction, MemberSubject.of(interaction), member_sections(), changing)

    async def draw(self, note: str = "") -> discord.Embed:
        """Return the card of the page that is shown. Raises StorageError."""
        card = await super().draw(note)
        if self.place.section is not _DATA:
            return card
        return await data_card(self.asks, await self.subject.read(), note)

    def lay_out(
        self,
        settings: Settings,
        names: Names,
        notes: Iterable[str] = (),
        voices: Sequence[VoiceProfile] = (),
    ) -> discord.Embed:
        """Put menus and buttons in place and return the card above them."""
        card = super().lay_out(settings, names, notes, voices)
        if self.place.section is _DATA:
            changed = settings != type(settings)()
            style = discord.ButtonStyle.danger
            label = _("Delete my settings")
            self.add_item(Press("forget", label, self.forget, style, disabled=not changed))
        return card

    async def forget(self, interaction: Interaction, /) -> None:
        """Take all of the member's settings back to the defaults."""
        await self._act(interaction, self._forget)

    async def _forget(self, asks: Interaction) -> str:
        for definition in definitions(self.subject.model):
            await self.subject.change(asks, definition, None)
        return drawing.done(_("Your settings are deleted."))
