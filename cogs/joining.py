"""`/join` and `/leave`."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.errors import UserError
from bot.i18n import _
from bot.settings.permissions import Action
from cogs.call import (
    MAY_OVERRULE,
    all_own,
    channel_of,
    join_channel,
    leave_others_alone,
    member_of,
    player_of,
    privileged_in,
    require_may_connect,
)
from cogs.permissions import require
from cogs.ui import Interaction, command_names, guild_of, reply


class CallCog(commands.Cog, name="Call"):
    """Coming and going."""

    def __init__(self, bot: MynahBot) -> None:
        self._services = bot.services

    @app_commands.command(description="Call me into a voice channel")
    @app_commands.guild_only()
    @app_commands.describe(channel="Which one; yours if you leave it out")
    async def join(
        self, interaction: Interaction, channel: discord.VoiceChannel | None = None
    ) -> None:
        """Join, or move there."""
        target = channel or channel_of(interaction)
        require_may_connect(interaction, target)
        await require(interaction, Action.CALL, channel=target)
        player = self._services.voice.player(guild_of(interaction))
        privileged = privileged_in(interaction, player)
        if not privileged:
            leave_others_alone(interaction, player, target)
        text = await join_channel(interaction, player, target, privileged=privileged)
        unheard = player.unheard
        await reply(interaction, f"{text} {unheard}" if unheard else text)

    @app_commands.command(description="Send me out of the voice channel")
    @app_commands.guild_only()
    async def leave(self, interaction: Interaction) -> None:
        """Leave; what waits to be said is forgotten."""
        await require(interaction, Action.CHANGE, anywhere=True)
        player = player_of(interaction)
        if player is None or player.channel is None:
            name = command_names(interaction)
            nowhere = _("I am in no voice channel. {join} calls me into yours.")
            raise UserError(nowhere.format(join=name("join")))
        state = member_of(interaction).voice
        beside = state is not None and state.channel == player.channel
        harmless = beside and all_own(interaction, player, besides_chatter=True)
        if not (harmless or privileged_in(interaction, player)):
            raise UserError(
                _(
                    "Join me in {channel} to send me out. While texts of others are waiting, it "
                    "takes {permission}."
                ).format(channel=player.channel.mention, permission=_(MAY_OVERRULE))
            )
        await interaction.response.defer(ephemeral=True, thinking=True)
        await player.leave()
        await reply(interaction, _("I left the voice channel."))


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(CallCog(bot))
