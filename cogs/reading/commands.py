"""`/read`: which channels are read aloud, and where."""

from __future__ import annotations

from typing import TypeAlias

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.i18n import _
from bot.reading.sessions import Session
from bot.settings.permissions import Action, Place
from bot.voice.link import VocalChannel
from bot.voice.player import GuildPlayer
from cogs.call import (
    MAY_OVERRULE,
    channel_of,
    join_channel,
    leave_others_alone,
    member_of,
    privileged_in,
    require_may_connect,
)
from cogs.permissions import refusal_of, require, text_place
from cogs.reading import texts
from cogs.reading.desk import ReadingDesk
from cogs.ui import Interaction, bot_of, command_names, engine_note, guild_of, reply
from storage.read_channels import ReadChannel

Written: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel
"""What `/read` can name; a thread is read where the command is used in it."""

Readable: TypeAlias = discord.abc.GuildChannel | discord.Thread


@app_commands.guild_only()
class ReadCommands(commands.GroupCog, name="read", description="Have a channel read aloud"):
    """Reading channels aloud."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk

    @app_commands.command(description="Read a text channel aloud in a voice channel")
    @app_commands.describe(
        text_channel="Which channel; this one and the voice channel's chat if you leave it out",
        voice_channel="Where it is heard; your voice channel if you leave it out",
    )
    async def start(
        self,
        interaction: Interaction,
        text_channel: Written | None = None,
        voice_channel: discord.VoiceChannel | None = None,
    ) -> None:
        """Come, and read."""
        target = voice_channel or channel_of(interaction)
        channels = self._chosen(interaction, text_channel, target)
        await self._require_allowed(interaction, channels, target)
        await self._come(interaction, target)
        rows = [
            ReadChannel(target.guild.id, channel.id, target.id, interaction.user.id)
            for channel in channels
        ]
        await self._desk.sessions.start(*rows, since=interaction.created_at)
        await reply(interaction, await self._started(interaction, channels, target))

    def _chosen(
        self, interaction: Interaction, named: Written | None, target: VocalChannel
    ) -> list[Readable]:
        """Return the channels to read. Raises UserError for one that cannot be."""
        here = named or interaction.channel
        assert isinstance(here, Readable)
        self._require_seen(interaction, here)
        return [here] if named is not None or here == target else [here, target]

    async def _require_allowed(
        self, interaction: Interaction, channels: list[Readable], target: VocalChannel
    ) -> None:
        """Raise UserError for what the server's settings do not allow."""
        await require(interaction, Action.CALL, channel=target)
        member = member_of(interaction)
        for channel in channels:
            place = Place(text_place(channel), target.id)
            refused = await refusal_of(self._desk.services, Action.CALL, member, place)
            if refused is not None:
                raise UserError(refused)

    async def _come(self, interaction: Interaction, target: VocalChannel) -> None:
        player = self._desk.services.voice.player(guild_of(interaction))
        privileged = privileged_in(interaction, player)
        self._require_beside(interaction, target, privileged)
        require_may_connect(interaction, target)
        if not privileged:
            leave_others_alone(interaction, player, target)
        await join_channel(interaction, player, target, privileged=privileged)

    async def _started(
        self, interaction: Interaction, channels: list[Readable], target: VocalChannel
    ) -> str:
        """Return what is read now, and what of it nobody would hear."""
        player = self._desk.services.voice.player(target.guild.id)
        read = texts.started([each.id for each in channels], target.id)
        lines = [read + self._hindrances(player)]
        if not await self._desk.services.reading.has_voice_for_all(target.guild.id):
            lines.append(texts.own_voices_only(command_names(interaction)("enroll")))
        if not self._desk.reads_all:
            application = bot_of(interaction).application_id
            lines.append(texts.without_intent(target.guild.me.display_name, application))
        return "\n".join(lines)

    def _hindrances(self, player: GuildPlayer) -> str:
        """Return why nothing is heard, or not at once, each on a line; "" for nothing."""
        unheard = f"\n{player.unheard}" if player.unheard else ""
        return unheard + engine_note(self._desk.services.engine)

    def _require_seen(self, interaction: Interaction, channel: Readable) -> None:
        if not channel.permissions_for(member_of(interaction)).view_channel:
            raise UserError(_("You may not see that channel, so I do not read it to you."))
        if not channel.permissions_for(channel.guild.me).view_channel:
            raise UserError(texts.unseen(channel.id))
        if isinstance(channel, discord.Thread) and not _told_of(channel):
            raise UserError(texts.not_in_thread())

    def _require_beside(
        self, interaction: Interaction, target: VocalChannel, privileged: bool
    ) -> None:
        state = member_of(interaction).voice
        beside = state is not None and state.channel == target
        if not (beside or privileged):
            text = _(
                "Join {channel} to have something read there. Otherwise it takes {permissions}."
            )
            raise UserError(text.format(channel=target.mention, permissions=_(MAY_OVERRULE)))

    @app_commands.command(description="Read a channel aloud no more")
    @app_commands.describe(text_channel="Which channel; all that I read if you leave it out")
    async def stop(
        self, interaction: Interaction, text_channel: Written | discord.Thread | None = None
    ) -> None:
        """End it, and drop what waits."""
        await require(interaction, Action.CHANGE, anywhere=True)
        guild_id = guild_of(interaction)
        session = self._desk.sessions.of(guild_id)
        if session is None or (text_channel and text_channel.id not in session.channels):
            start = command_names(interaction)("read start")
            raise UserError(self._not_read(text_channel, start))
        chosen = [text_channel.id] if text_channel else list(session.channels)
        self._require_may_stop(interaction, session, chosen)
        await interaction.response.defer(ephemeral=True, thinking=True)
        for channel_id in chosen:
            await self._desk.stop(guild_id, channel_id)
        text = _("I do not read {channels} any more.").format(channels=texts.mentions(chosen))
        await reply(interaction, text)

    def _not_read(self, channel: Written | discord.Thread | None, start: str) -> str:
        if channel is None:
            return _("I read nothing here. {read} begins.").format(read=start)
        return _("I do not read {channel}. {read} begins.").format(
            channel=channel.mention, read=start
        )

    def _require_may_stop(
        self, interaction: Interaction, session: Session, chosen: list[int]
    ) -> None:
        state = member_of(interaction).voice
        there = state.channel if state is not None else None
        beside = there is not None and there.id == session.voice_channel_id
        own = all(session.channels[each].started_by == interaction.user.id for each in chosen)
        player = self._desk.services.voice.player(guild_of(interaction))
        if not (beside or own or privileged_in(interaction, player)):
            text = _("Only who is in {voice} can end the reading, or somebody with {permissions}.")
            voice = f"<#{session.voice_channel_id}>"
            raise UserError(text.format(voice=voice, permissions=_(MAY_OVERRULE)))

    @app_commands.command(description="Show which channels I read aloud, and where")
    async def status(self, interaction: Interaction) -> None:
        """Tell what is read, how much waits and what was left out."""
        guild_id = guild_of(interaction)
        session, player = self._desk.session(guild_id), self._desk.player(guild_id)
        if session is None or player is None:
            read = command_names(interaction)("read start")
            told = texts.nothing_read(self._desk.sessions.of(guild_id), read)
            await interaction.response.send_message(told, ephemeral=True)
            return
        card = texts.status(session, player.snapshot(), self._desk.reads_all)
        card.description = f"{card.description}{self._hindrances(player)}"
        await interaction.response.send_message(embed=card, ephemeral=True)


def _told_of(thread: discord.Thread) -> bool:
    """Whether Discord tells the bot what is written in a thread."""
    manages = thread.permissions_for(thread.guild.me).manage_threads
    return not thread.is_private() or thread.me is not None or manages
