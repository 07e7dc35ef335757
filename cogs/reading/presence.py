"""Who comes and goes, and what becomes of the reading then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

import discord
from discord.ext import commands

from bot.reading import arrivals
from bot.reading.arrivals import Arrivals, Gathered
from bot.reading.message import Author
from bot.reading.place import Place
from bot.reading.reading import Reading
from bot.voice.link import VocalChannel
from bot.voice.timer import Timer
from cogs.reading.coming import Coming
from cogs.reading.desk import ReadingDesk
from cogs.reading.messages import author_of


class Presence(commands.Cog, name="Presence"):
    """Members who enter and leave the call, and the bot that follows them."""

    def __init__(self, desk: ReadingDesk, coming: Coming) -> None:
        self._desk, self._coming = desk, coming
        self._gathering: dict[int, _Gathering] = {}  # by guild

    async def cog_unload(self) -> None:
        """Tell nothing more."""
        for gathering in self._gathering.values():
            gathering.cancel()

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
            await self._coming.come_to(after, member)
        player = self._desk.player(member.guild.id)
        channel = player.channel if player is not None else None
        if player is None or channel is None or channel not in (before, after):
            return
        if not await self._is_told_of(member):
            return
        gathering = self._gathering.setdefault(member.guild.id, _Gathering(self._tell))
        gathering.note(channel, author_of(member, channel), joined=channel == after)

    async def _is_told_of(self, member: discord.Member) -> bool:
        settings, guild_id = self._desk.services.settings, member.guild.id
        guild = await settings.guild(guild_id)
        if guild.announce_joins:
            return True
        return guild.greetings and bool((await settings.member(guild_id, member.id)).greeting)

    def _tell(self, channel: VocalChannel, gathered: Gathered) -> None:
        self._gathering.pop(channel.guild.id, None)
        self._desk.post(channel.guild, partial(self._announce, channel, gathered))

    async def _announce(self, channel: VocalChannel, gathered: Gathered) -> None:
        player = self._desk.player(channel.guild.id)
        if player is None or player.channel != channel:
            return
        place = await self._desk.place(channel.guild, channel.id)
        async for entrance in self._entrances(channel.guild.id, gathered, place):
            if entrance is not None:
                await self._desk.reader.announce(entrance, place, player)

    async def _entrances(
        self, guild_id: int, gathered: Gathered, place: Place
    ) -> AsyncIterator[Reading | None]:
        reading = self._desk.services.reading
        if gathered.crowd:
            yield await reading.crowd(guild_id, len(gathered.joined), len(gathered.left), place)
            return
        for member in gathered.joined:
            yield await reading.joined(guild_id, member, place)
        for member in gathered.left:
            yield await reading.left(guild_id, member, place)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that sent the bot away."""
        self._desk.post(guild, partial(self._desk.sessions.end, guild.id))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget a channel, and what is read into it."""
        self._desk.post(channel.guild, partial(self._forget, channel))

    async def _forget(self, channel: discord.abc.GuildChannel) -> None:
        session = self._desk.sessions.of(channel.guild.id)
        if session is not None and session.voice_channel_id == channel.id:
            await self._desk.sessions.end(channel.guild.id)
        else:
            await self._desk.stop(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Forget a thread."""
        guild = self._desk.bot.get_guild(payload.guild_id)
        if guild is not None:
            self._desk.post(guild, partial(self._desk.stop, guild.id, payload.thread_id))


class _Gathering:
    """Who comes to one channel and goes, until they are told of together."""

    def __init__(self, tell: Callable[[VocalChannel, Gathered], None]) -> None:
        self._tell = tell
        self._channel: VocalChannel | None = None
        self._arrivals = Arrivals()
        self._timer = Timer(self._over)

    def note(self, channel: VocalChannel, member: Author, *, joined: bool) -> None:
        if channel != self._channel:  # the bot has moved: it is no news here who went there
            self._channel, self._arrivals = channel, Arrivals()
        self._arrivals.note(member, joined=joined)
        if not self._timer.running:
            self._timer.start(arrivals.GATHER_SECONDS)

    def cancel(self) -> None:
        self._timer.cancel()

    def _over(self) -> None:
        assert self._channel is not None, "something was noted"
        self._tell(self._channel, self._arrivals.take())
