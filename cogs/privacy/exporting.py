"""`/privacy export`."""

from __future__ import annotations

import contextlib
import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.audit.events import Exported
from bot.i18n import _, ngettext
from cogs.ui import Interaction, command_names, defer, guild_of, services_of

FILE_NAME = "mynah-privacy{number}.zip"

MOST_PARTS = 20
"""Files that are sent; each is a message, and Discord takes answers for 15 minutes."""

_MARGIN_BYTES = 64 * 1024
"""Discord counts what stands around a file, too."""


class Exporting(commands.Cog):
    """Hands a member what is stored about them."""

    @app_commands.command(description="Get everything that is stored about you, on every server")
    async def export(self, interaction: Interaction) -> None:
        """Send archives that only the member sees."""
        services = services_of(interaction)
        with services.exporter.admit(interaction.user.id):
            await defer(interaction)
            await services.allowances.require_export(interaction.user.id)
            sent, complete = await _send(interaction)
            # Before another is let in: it is what the limit of a day is counted by.
            await services.audit.record(
                guild_of(interaction), Exported(by=interaction.user.id, what="privacy")
            )
        text = ngettext(
            "This is everything that is stored about you, on every server, in {count} file. Only "
            "you see it. {readme} says what is in it; {delete} deletes all of it.",
            "This is everything that is stored about you, on every server, in {count} files. Only "
            "you see them. {readme} in the first says what is in them; {delete} deletes all of it.",
            sent,
        ).format(
            count=sent, readme="`README.txt`", delete=command_names(interaction)("privacy delete")
        )
        if not complete:
            text += "\n" + _("There is more than fits. My operator can give you the rest.")
        await interaction.edit_original_response(content=text)


async def _send(interaction: Interaction) -> tuple[int, bool]:
    """Send the archives; return how many, and whether those were all."""
    most_bytes = interaction.filesize_limit - _MARGIN_BYTES
    exporter, sent = services_of(interaction).exporter, 0
    async with contextlib.aclosing(exporter.archives(interaction.user.id, most_bytes)) as archives:
        async for archive in archives:
            if sent == MOST_PARTS:
                return sent, False
            sent += 1
            name = FILE_NAME.format(number="" if sent == 1 else f"-{sent}")
            file = discord.File(io.BytesIO(archive), name)
            if sent == 1:
                await interaction.edit_original_response(attachments=[file])
            else:
                await interaction.followup.send(file=file, ephemeral=True)
    return sent, True
