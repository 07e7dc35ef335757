"""The question before a whole dictionary is removed."""

from __future__ import annotations

import discord

from bot.errors import UserError
from bot.i18n import N_, _, ngettext
from bot.moderation import DictionaryCleared
from cogs.dictionary.options import changed_owner
from cogs.dictionary.words import whose
from cogs.moderation import tell
from cogs.ui import Interaction, command_names, services_of
from cogs.views import OwnedView
from storage.dictionary import Owner


async def ask_to_clear(interaction: Interaction, owner: Owner, server: bool) -> None:
    """Answer with the question. Raises UserError where there is nothing, StorageError."""
    count = len(await services_of(interaction).dictionary.entries(owner))
    if not count:
        raise UserError(_("There is no such entry. The list shows those that there are."))
    text = ngettext(
        "{dictionary} has {count:,} entry. {export} gives you a file that brings it back.",
        "{dictionary} has {count:,} entries. {export} gives you a file that brings them back.",
        count,
    ).format(
        dictionary=whose(server),
        count=count,
        export=command_names(interaction)("dictionary export"),
    )
    await interaction.edit_original_response(
        content=text, view=ClearQuestion(interaction, server=server)
    )


class ClearQuestion(OwnedView):
    """Asks whether all entries shall go."""

    def __init__(self, interaction: Interaction, *, server: bool) -> None:
        super().__init__(interaction)
        self._server = server

    @discord.ui.button(label=N_("Remove all"), style=discord.ButtonStyle.danger)
    async def clear(
        self, interaction: Interaction, button: discord.ui.Button[ClearQuestion]
    ) -> None:
        """Remove them."""
        await interaction.response.defer()
        owner = await changed_owner(interaction, self._server, removing=True)
        count = await services_of(interaction).dictionary.clear(owner, by=interaction.user.id)
        self.stop()
        if self._server and count:
            event = DictionaryCleared(interaction.user.id, count)
            tell(interaction.client, owner.guild_id, event)
        text = ngettext("{count:,} entry removed.", "{count:,} entries removed.", count)
        await self.edit(content=text.format(count=count), view=None)

    @discord.ui.button(label=N_("Keep"), style=discord.ButtonStyle.secondary)
    async def keep(
        self, interaction: Interaction, button: discord.ui.Button[ClearQuestion]
    ) -> None:
        """Leave them alone."""
        await interaction.response.defer()
        self.stop()
        await self.edit(content=_("Nothing was removed."), view=None)
