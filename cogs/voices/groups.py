"""More members than a menu holds, 25 at a time."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.command_tree import explain
from bot.errors import UserError
from bot.i18n import _
from cogs.settings import drawing
from cogs.settings.controls import MAX_OPTIONS, Press
from cogs.ui import Interaction
from cogs.views import OwnedView
from storage.errors import VoiceRequestError


class GroupedView(OwnedView, ABC):
    """A card with menus of 25 each, drawn anew from what is stored whenever anything is pressed."""

    def __init__(self, interaction: Interaction) -> None:
        super().__init__(interaction)
        self.group = 0
        self._one_at_a_time = asyncio.Lock()

    @abstractmethod
    async def draw(self, note: str = "") -> discord.Embed:
        """Put menus and buttons in place and return the card above them. Raises StorageError."""

    async def act(self, interaction: Interaction, work: Callable[[], Awaitable[str]]) -> None:
        """Do something, and show what became of it."""
        await interaction.response.defer()
        async with self._one_at_a_time:
            try:
                note = await work()
            except (UserError, VoiceRequestError) as error:
                note = drawing.refusal(explain(error) or "")
            await self.edit(embed=await self.draw(note), view=self)

    def shown(self, ids: Sequence[int], most: int) -> Sequence[int]:
        """Return those of the group that is shown; the last group has room for more."""
        groups = min(len(ids) // MAX_OPTIONS + 1, -(-most // MAX_OPTIONS))
        self.group = min(self.group, groups - 1)
        if groups > 1:
            self.add_item(Press("earlier", _("Previous"), self._earlier, disabled=self.group == 0))
            last = self.group == groups - 1
            self.add_item(Press("later", _("Next"), self._later, disabled=last))
        return ids[self.group * MAX_OPTIONS : (self.group + 1) * MAX_OPTIONS]

    async def _earlier(self, interaction: Interaction) -> None:
        await self._turn(interaction, -1)

    async def _later(self, interaction: Interaction) -> None:
        await self._turn(interaction, 1)

    async def _turn(self, interaction: Interaction, by: int) -> None:
        async def turn() -> str:
            self.group = max(0, self.group + by)
            return ""

        await self.act(interaction, turn)
