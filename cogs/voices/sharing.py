"""`/voice share`, `block`, `unblock` and `blocks`: who may speak as a member's voices."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.i18n import _
from cogs.ui import Interaction, command_names, defer, guild_of, services_of
from cogs.voice_option import OwnVoice
from cogs.voices.block_panel import BlockPanel
from cogs.voices.share_panel import SharePanel


class Sharing(commands.Cog):
    """An owner decides; whoever manages the server may only take away."""

    @app_commands.command(description="See and choose who may speak as a voice of yours")
    @app_commands.describe(voice="Which voice")
    async def share(self, interaction: Interaction, voice: OwnVoice) -> None:
        """Open the panel."""
        await defer(interaction)
        panel = SharePanel(interaction, voice.id)
        await interaction.edit_original_response(embed=await panel.draw(), view=panel)

    @app_commands.command(description="Keep a member from all your voices on this server")
    @app_commands.describe(member="Whom; they are not told")
    async def block(self, interaction: Interaction, member: discord.User) -> None:
        """Block them; answer when nothing that they had said is left."""
        if member.id == interaction.user.id:
            raise UserError(_("You cannot block yourself. Choose another member."))
        await defer(interaction)
        services, guild_id = services_of(interaction), guild_of(interaction)
        blocked = await services.reach.block(guild_id, interaction.user.id, member.id)
        await services.watch.try_look()
        text = (
            _("{member} cannot speak as any voice of yours here, however it is shared. {unblock}")
            if blocked
            else _("{member} is blocked already. {unblock}")
        )
        undo = _("{command} takes that back.").format(
            command=command_names(interaction)("voice unblock")
        )
        told = text.format(member=member.mention, unblock=undo)
        await interaction.edit_original_response(content=told)

    @app_commands.command(description="Let a member that you blocked use your voices again")
    @app_commands.describe(member="Whom")
    async def unblock(self, interaction: Interaction, member: discord.User) -> None:
        """Take the block back."""
        await defer(interaction)
        services, guild_id = services_of(interaction), guild_of(interaction)
        unblocked = await services.reach.unblock(guild_id, interaction.user.id, [member.id])
        await services.watch.try_look()
        text = (
            _("{member} is not blocked any more, and may use what you share with them.")
            if unblocked
            else _("You have not blocked {member}.")
        )
        await interaction.edit_original_response(content=text.format(member=member.mention))

    @app_commands.command(description="See whom you blocked from your voices on this server")
    async def blocks(self, interaction: Interaction) -> None:
        """Open the panel."""
        await defer(interaction)
        panel = BlockPanel(interaction)
        card = await panel.draw()
        if panel.blocked:
            await interaction.edit_original_response(embed=card, view=panel)
        else:
            panel.stop()
            await interaction.edit_original_response(embed=card)
