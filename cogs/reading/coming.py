"""The bot comes by itself: after a restart, and where a server wants it when somebody enters."""

from __future__ import annotations

import contextlib
from functools import partial

import discord
import structlog
from discord.ext import commands

from bot.discord_http import DISCORD_FAILED
from bot.reading import phrases
from bot.voice.link import VocalChannel
from bot.voice.player import GuildPlayer
from cogs.reading.desk import ReadingDesk, has_listeners
from storage.forgotten import is_among
from storage.read_channels import ReadChannel

log = structlog.get_logger(__name__)


class Coming(commands.Cog, name="Coming"):
    """Coming without being called."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self._known: set[int] = set()  # guilds that were there once since the program began

    async def come_to(self, channel: VocalChannel, member: discord.Member) -> None:
        """Come where the bot is expected when a member enters."""
        session = self._desk.sessions.of(channel.guild.id)
        if session is not None and session.voice_channel_id == channel.id:
            await self._go_back(channel.guild)  # does nothing but after a lost connection
            return
        settings = await self._desk.services.settings.guild(channel.guild.id)
        if channel.id in settings.auto_join and not is_among(member.id, settings.blocked_members):
            await self._come_by_myself(channel, member.id)

    async def _come_by_myself(self, channel: VocalChannel, member_id: int) -> None:
        """Come and read the chat of a channel that the server named for it."""
        player = self._desk.player(channel.guild.id)
        if player is not None and (player.channel == channel or player.busy or not player.alone):
            return
        if await self._desk.come(channel) is not None:
            row = ReadChannel(channel.guild.id, channel.id, channel.id, member_id)
            await self._desk.sessions.start(row)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Go back to where the bot was reading when it ended, also to a guild that comes late."""
        self._desk.post(guild, partial(self._begin, guild))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Go back everywhere."""
        for guild in self._desk.bot.guilds:
            self._desk.post(guild, partial(self._begin, guild))

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Go back where voice was lost meanwhile."""
        for guild in self._desk.bot.guilds:
            if self._desk.sessions.of(guild.id) is not None:
                self._desk.post(guild, partial(self._go_back, guild))

    async def _begin(self, guild: discord.Guild) -> None:
        """Go back; the first time also to members who entered while the program was away."""
        await self._go_back(guild)
        if guild.id in self._known or guild.unavailable:
            return
        self._known.add(guild.id)
        settings = await self._desk.services.settings.guild(guild.id)
        for channel in map(guild.get_channel, settings.auto_join if settings.resume else ()):
            if isinstance(channel, VocalChannel) and has_listeners(channel):
                await self._come_by_myself(channel, guild.me.id)

    async def _go_back(self, guild: discord.Guild) -> None:
        sessions = self._desk.sessions
        session = sessions.of(guild.id)
        # Of a guild that is not available its channels are not known yet.
        if session is None or guild.unavailable or self._desk.player(guild.id) is not None:
            return
        channel = guild.get_channel(session.voice_channel_id)
        settings = await self._desk.services.settings.guild(guild.id)
        if not (settings.resume and isinstance(channel, VocalChannel) and has_listeners(channel)):
            await sessions.end(guild.id)
            return
        player = await self._desk.come(channel)
        if player is None:
            log.warning("not back where I was reading", guild=guild.id, stage="reading")
            return
        await self._say_back(channel, player)

    async def _say_back(self, channel: VocalChannel, player: GuildPlayer) -> None:
        """Say that reading goes on; where there is no voice for it, write it."""
        guild = channel.guild
        place = await self._desk.place(guild, channel.id)
        back = await self._desk.services.reading.back(guild.id, place)
        if back is not None:
            await self._desk.reader.announce(back, place, player)
        elif channel.permissions_for(guild.me).send_messages:
            with contextlib.suppress(*DISCORD_FAILED):
                await channel.send(phrases.back(), silent=True)
