"""An answer of several pages that the member who asked can turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import discord

from bot.i18n import N_, _
from cogs.ui import Interaction
from cogs.views import OwnedView


class PagedView(OwnedView, ABC):
    """Pages that are read anew whenever one is turned: what they list comes and goes meanwhile.

    size: entries of a page. pages: how many there are.
    """

    size: ClassVar[int]

    def __init__(self, interaction: Interaction) -> None:
        super().__init__(interaction)
        self._page = 0
        self.pages = 1

    @abstractmethod
    async def render(self) -> discord.Embed:
        """Return the page as it is now; calls `paginate` first. Raises StorageError."""

    def paginate(self, entries: int) -> int:
        """Take in how many entries there are now; return before which the page begins, from 0."""
        self.pages = max(1, -(-entries // self.size))
        self._page = min(max(self._page, 0), self.pages - 1)
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page == self.pages - 1
        return self._page * self.size

    @property
    def place(self) -> str:
        """Which page of how many it is, for below a card."""
        return _("Page {page} of {pages}").format(page=self._page + 1, pages=self.pages)

    @discord.ui.button(label=N_("Previous"))
    async def previous(
        self, interaction: Interaction, button: discord.ui.Button[PagedView]
    ) -> None:
        """Turn back."""
        await self._turn(interaction, -1)

    @discord.ui.button(label=N_("Next"))
    async def next(self, interaction: Interaction, button: discord.ui.Button[PagedView]) -> None:
        """Turn on."""
        await self._turn(interaction, 1)

    async def _turn(self, interaction: Interaction, by: int) -> None:
        self._page += by
        page = await self.render()
        await interaction.response.edit_message(embed=page, view=self)
