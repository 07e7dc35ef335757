"""`/dictionary list`."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n import N_, _, ngettext
from bot.markup import quoted
from cogs.cards import embed
from cogs.dictionary.options import Written, found_in, owner_of
from cogs.dictionary.words import shown_entry, whose
from cogs.ui import Interaction, command_names, defer, services_of
from cogs.views import OwnedView

MOST_SEARCHED = 100
PAGE_SIZE = 10


class Looking(commands.Cog):
    """What there is."""

    @app_commands.command(name="list", description="Show the entries of a dictionary")
    @app_commands.describe(
        search="Only entries in which this occurs",
        server="The server's instead of yours",
    )
    async def list_entries(
        self, interaction: Interaction, search: Written | None = None, server: bool = False
    ) -> None:
        """Show them page by page."""
        await defer(interaction)
        view = EntryPages(interaction, search or "", server)
        page = await view.render()
        if view.pages > 1:
            await interaction.edit_original_response(embed=page, view=view)
        else:
            view.stop()
            await interaction.edit_original_response(embed=page)


class EntryPages(OwnedView):
    """The entries of one dictionary, page by page."""

    def __init__(self, interaction: Interaction, search: str, server: bool) -> None:
        super().__init__(interaction)
        self._dictionary = services_of(interaction).dictionary
        self._owner = owner_of(interaction, server)
        self._command = command_names(interaction)
        self._search, self._server = search, server
        self._page = 0
        self.pages = 1

    async def render(self) -> discord.Embed:
        """Return the page as it is now."""
        found = found_in(await self._dictionary.entries(self._owner), self._search)
        self.pages = max(1, -(-len(found) // PAGE_SIZE))
        self._page = min(max(self._page, 0), self.pages - 1)
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page == self.pages - 1
        if not found:
            return embed(whose(self._server), self._nothing())
        shown = found[self._page * PAGE_SIZE :][:PAGE_SIZE]
        lines = "\n".join(shown_entry(entry) for entry in shown)
        footer = ngettext(
            "{count:,} entry · page {page} of {pages}",
            "{count:,} entries · page {page} of {pages}",
            len(found),
        ).format(count=len(found), page=self._page + 1, pages=self.pages)
        return embed(whose(self._server), lines).set_footer(text=footer)

    def _nothing(self) -> str:
        if self._search:
            return _("There is no entry with {text}.").format(
                text=quoted(self._search, MOST_SEARCHED)
            )
        return _("It is empty. {command} puts something in.").format(
            command=self._command("dictionary add")
        )

    @discord.ui.button(label=N_("Previous"))
    async def previous(
        self, interaction: Interaction, button: discord.ui.Button[EntryPages]
    ) -> None:
        """Turn back."""
        await self._turn(interaction, -1)

    @discord.ui.button(label=N_("Next"))
    async def next(self, interaction: Interaction, button: discord.ui.Button[EntryPages]) -> None:
        """Turn on."""
        await self._turn(interaction, 1)

    async def _turn(self, interaction: Interaction, by: int) -> None:
        self._page += by
        page = await self.render()
        await interaction.response.edit_message(embed=page, view=self)
