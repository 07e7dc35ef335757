"""Who comes and goes: the bot itself, and the members that it reads to."""

from __future__ import annotations

from functools import partial

import discord
import structlog
from discord.ext import commands

from bot.voice.link import VocalChannel
from cogs.reading.desk import ReadingDesk, has_listeners
from cogs.reading.messages import author_of
from storage.read_channels import ReadChannel

log = structlog.get_logger(__name__)


class Presence(commands.Cog, name="Presence"):
    """Members who enter and leave the call, and the bot that follows them."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk

    async def cog_load(self) -> None:
        """Hear when the bot has left a channel for good."""
        self._desk.services.voice.on_left = self._has_left

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Follow the bot; greet members, or come to them."""
        guild = member.guild
        if before.channel == after.channel:
            return
        if member == guild.me:
            if after.channel is not None:
                moved = before.channel is not None
                self._desk.post(guild, partial(self._is_in, after.channel, moved=moved))
        elif not member.bot:
            self._desk.post(guild, partial(self._moved, member, before.channel, after.channel))

    async def _is_in(self, channel: VocalChannel, *, moved: bool) -> None:
        """Read on where somebody moved the bot to; where it was called to, begin afresh."""
        sessions, guild_id = self._desk.sessions, channel.guild.id
        session = sessions.of(guild_id)
        if session is None or session.voice_channel_id == channel.id:
            return
        if moved:
            await sessions.follow(guild_id, channel.id)
        else:
            await sessions.end(guild_id)

    def _has_left(self, guild_id: int, lost: bool) -> None:
        """Read no more, unless the connection was lost and the bot may get back."""
        guild = self._desk.bot.get_guild(guild_id)
        if guild is not None and not lost:
            self._desk.post(guild, partial(self._end, guild_id))

    async def _end(self, guild_id: int) -> None:
        if self._desk.player(guild_id) is None:  # else it was called again since
            await self._desk.sessions.end(guild_id)
            self._desk.services.reading.forget(guild_id)

    async def _moved(
        self, member: discord.Member, before: VocalChannel | None, after: VocalChannel | None
    ) -> None:
        if after is not None:
            await self._come_by_myself(after, member)
        player = self._desk.player(member.guild.id)
        channel = player.channel if player is not None else None
        if player is None or channel is None or channel not in (before, after):
            return
        author = author_of(member, channel)
        place = await self._desk.place(member.guild, channel.id)
        reading = self._desk.services.reading
        tell = reading.joined if channel == after else reading.left
        entrance = await tell(member.guild.id, author, place)
        if entrance is not None:
            await self._desk.reader.announce(entrance, place, player)

    async def _come_by_myself(self, channel: VocalChannel, member: discord.Member) -> None:
        """Come and read the chat of a channel that the server named for it."""
        guild = channel.guild
        settings = await self._desk.services.settings.guild(guild.id)
        if channel.id not in settings.auto_join or member.id in settings.blocked_members:
            return
        player = self._desk.player(guild.id)
        if player is not None and (player.channel == channel or player.busy or not player.alone):
            return
        if await self._desk.come(channel) is not None:
            row = ReadChannel(guild.id, channel.id, channel.id, member.id)
            await self._desk.sessions.start(row)

    # After a restart.

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Go back to where the bot was reading when it ended."""
        for guild in self._desk.bot.guilds:
            self._desk.post(guild, partial(self._go_back, guild))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Go back also to a guild that comes late."""
        self._desk.post(guild, partial(self._go_back, guild))

    async def _go_back(self, guild: discord.Guild) -> None:
        sessions = self._desk.sessions
        session = sessions.of(guild.id)
        if session is None or self._desk.player(guild.id) is not None:
            return
        channel = guild.get_channel(session.voice_channel_id)
        settings = await self._desk.services.settings.guild(guild.id)
        lasting = isinstance(channel, VocalChannel) and has_listeners(channel)
        if not settings.resume or not isinstance(channel, VocalChannel) or not lasting:
            await sessions.end(guild.id)
            return
        player = await self._desk.come(channel)
        if player is None:
            log.warning("not back where I was reading", guild=guild.id, stage="reading")
            return
        place = await self._desk.place(guild, channel.id)
        back = await self._desk.services.reading.back(guild.id, place)
        if back is not None:
            await self._desk.reader.announce(back, place, player)

    # What is gone.

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that sent the bot away."""
        self._desk.post(guild, partial(self._desk.sessions.end, guild.id))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget a channel."""
        stop = partial(self._desk.sessions.stop, channel.guild.id, channel.id)
        self._desk.post(channel.guild, stop)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget a thread."""
        guild = self._desk.bot.get_guild(payload.guild_id)
        if guild is not None:
            self._desk.post(guild, partial(self._desk.sessions.stop, guild.id, payload.thread_id))
