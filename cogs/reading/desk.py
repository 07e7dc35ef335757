"""What the parts of reading aloud share: what is read where, and the way to the player."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import discord

from bot.chat_reader import ChatReader
from bot.client import MynahBot
from bot.i18n import in_locale, server_locale
from bot.lanes import Lanes
from bot.reading.facts import facts_of
from bot.reading.place import Place
from bot.reading.reading import Reading
from bot.reading.sessions import Session
from bot.settings import permissions
from bot.settings.guild import GuildSettings
from bot.text.words import base_language
from bot.voice.link import VocalChannel, refusal
from bot.voice.player import GuildPlayer
from cogs.moderation import tell
from cogs.permissions import SpeakingRight


class ReadingDesk:
    """The bot's sessions and lanes; a guild's messages and events are worked off in order."""

    def __init__(self, bot: MynahBot) -> None:
        self.bot = bot
        self.services = bot.services
        self.sessions = bot.services.sessions
        self.reader = ChatReader(
            bot.services.reading,
            bot.services.settings,
            bot.services.speech,
            bot.services.dictionary,
            self._right_of,
            partial(tell, bot),
            bot.services.voices.count_uses,
            bot.services.watch.use,
        )
        self.lanes = Lanes()

    def _right_of(self, reading: Reading) -> SpeakingRight:
        """Return whether a reading may be spoken, asked for whom it is spoken."""
        place, member = permissions.Place(guild=reading.guild_id), facts_of(reading.speaks)
        guild = self.bot.get_guild(reading.guild_id)
        return SpeakingRight(self.services, reading.speaker.voice, place, member, guild=guild)

    @property
    def reads_all(self) -> bool:
        """Whether Discord tells the content of every message, not just of those to the bot."""
        return self.bot.intents.message_content

    def post(self, guild: discord.Guild, work: Callable[[], Awaitable[object]]) -> None:
        """Have `work` done in its turn, in the language of the server."""

        async def in_its_language() -> None:
            settings = await self.services.settings.guild(guild.id)
            with in_locale(locale_of(guild, settings)):
                await work()

        if not self.bot.shutting_down:
            self.lanes.post(guild.id, in_its_language)

    def player(self, guild_id: int) -> GuildPlayer | None:
        """Return the guild's player, if it is in a call or on its way back into one."""
        player = self.services.voice.existing(guild_id)
        return player if player is not None and player.channel is not None else None

    def session(self, guild_id: int) -> Session | None:
        """Return what is read in a guild now, where the bot is there to read it."""
        session, player = self.sessions.of(guild_id), self.player(guild_id)
        if session is None or player is None or player.channel is None:
            return None
        return session if player.channel.id == session.voice_channel_id else None

    def is_free_for(self, channel: VocalChannel) -> bool:
        """Whether the bot is in a channel, or can come without leaving whom it speaks to."""
        player = self.player(channel.guild.id)
        if player is None or player.channel == channel:
            return True
        reads = self.session(channel.guild.id) is not None and not player.alone
        return not (player.busy or reads)

    async def stop(self, guild_id: int, channel_id: int) -> None:
        """Read a channel no more, and drop what waits of it. Raises StorageError."""
        await self.sessions.stop(guild_id, channel_id)
        player = self.player(guild_id)
        if player is not None:
            self.reader.withdraw_channel(channel_id, player)

    async def come(self, channel: VocalChannel) -> GuildPlayer | None:
        """Come into a channel that nobody called the bot into by a command; None if it cannot.

        Raises StorageError, and UserError while the bot shuts down or is busy.
        """
        settings = await self.services.settings.guild(channel.guild.id)
        allowed = settings.voice_channels
        if (allowed and channel.id not in allowed) or refusal(channel) is not None:
            return None
        player = self.services.voice.player(channel.guild.id)
        outcome = await player.join(channel)
        return player if outcome.joined else None

    async def place(
        self, guild: discord.Guild, voice_channel_id: int, since: datetime | None = None
    ) -> Place:
        """Return where something is read. since: see `Place`. Raises StorageError."""
        settings = await self.services.settings.guild(guild.id)
        locale = locale_of(guild, settings)
        language = guild.preferred_locale if settings.locale == "auto" else locale
        written = base_language(str(language))
        return Place(voice_channel_id, since, guild.me.id, locale, written)


def locale_of(guild: discord.Guild, settings: GuildSettings) -> str:
    """Return the language of what everybody on a server reads or hears."""
    return server_locale(settings.locale, guild.preferred_locale)


def has_listeners(channel: VocalChannel) -> bool:
    """Whether anybody but bots is in a voice channel."""
    members = (channel.guild.get_member(user_id) for user_id in channel.voice_states)
    return any(member is None or not member.bot for member in members)
