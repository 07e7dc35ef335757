"""`/dictionary import` and `export`."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.dictionary.exchange import MAX_FILE_BYTES
from bot.errors import UserError
from bot.i18n import _
from bot.moderation import EntriesImported
from cogs.attachments import download
from cogs.dictionary.options import SERVER, changed_owner, count_use, owner_of
from cogs.dictionary.words import import_card, report_file, whose
from cogs.moderation import tell
from cogs.ui import Interaction, command_names, defer, services_of

FILE_NAME, REPORT_NAME = "dictionary.json", "report.txt"


IMPORTS, PERIOD_SECONDS = 3, 60.0
"""So many files a member may send within that time: their patterns are tried one after another."""


class Files(commands.Cog):
    """Dictionaries as JSON files."""

    def __init__(self) -> None:
        super().__init__()
        # Not the library's decorator, whose state belongs to the module and outlives the bot.
        self._imports: commands.CooldownMapping[Interaction] = (
            commands.CooldownMapping.from_cooldown(
                IMPORTS, PERIOD_SECONDS, lambda interaction: interaction.user.id
            )
        )

    @app_commands.command(name="import", description="Take the entries of a JSON file")
    @app_commands.describe(
        file="A file as the export makes it, or as the documentation shows", server=SERVER
    )
    async def import_entries(
        self, interaction: Interaction, file: discord.Attachment, server: bool = False
    ) -> None:
        """Store what is right in it, and report on each entry."""
        _check_size(file)
        count_use(self._imports, interaction)
        await defer(interaction)
        owner = await changed_owner(interaction, server)
        report = await services_of(interaction).dictionary.import_file(
            owner, await download(file), interaction.user.id
        )
        if server and (count := len(report.added) + len(report.replaced)):
            event = EntriesImported(interaction.user.id, count)
            tell(interaction.client, owner.guild_id, event)
        await interaction.edit_original_response(
            embed=import_card(report, server=server),
            attachments=[discord.File(io.BytesIO(report_file(report)), REPORT_NAME)],
        )

    @app_commands.command(name="export", description="Get a dictionary as a JSON file")
    @app_commands.describe(server="The server's instead of yours")
    async def export_entries(self, interaction: Interaction, server: bool = False) -> None:
        """Attach it."""
        await defer(interaction)
        owner, dictionary = owner_of(interaction, server), services_of(interaction).dictionary
        exported = await dictionary.export_file(owner)
        if exported is None:
            raise UserError(
                _("It is empty. {command} puts something in.").format(
                    command=command_names(interaction)("dictionary add")
                )
            )
        await interaction.edit_original_response(
            content=whose(server), attachments=[discord.File(io.BytesIO(exported), FILE_NAME)]
        )


def _check_size(file: discord.Attachment) -> None:
    if file.size > MAX_FILE_BYTES:
        raise UserError(
            _("That file has {size:.1f} MB; a dictionary has {limit} MB at most.").format(
                size=file.size / 1024**2, limit=MAX_FILE_BYTES // 1024**2
            )
        )
