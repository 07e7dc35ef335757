"""Messages that are read aloud as they come."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import datetime
from functools import partial

import discord
from discord.ext import commands

from bot.reading.message import ChatMessage
from bot.settings.permissions import Action, Place
from bot.settings.service import SettingChange
from bot.voice.link import VocalChannel
from cogs.permissions import refusal_of, text_place
from cogs.reading.desk import ReadingDesk
from cogs.reading.messages import addresses_bot, begins_with_bot, chat_message, is_chat


class Hearing(commands.Cog, name="Hearing"):
    """What is written, what is deleted, and what is no longer to be read."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self._subscriptions = contextlib.ExitStack()

    async def cog_load(self) -> None:
        """Hear of settings that change."""
        settings = self._desk.services.settings
        self._subscriptions.callback(settings.subscribe(self._setting_changed))
        self._subscriptions.callback(settings.subscribe_members(self._member_changed))

    async def cog_unload(self) -> None:
        """End what is being worked off."""
        self._subscriptions.close()
        await self._desk.lanes.close()
        await self._desk.reader.store_uses()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Read it, if it is in a channel that is read, or is addressed to the bot."""
        guild = message.guild
        if guild is None or not is_chat(message):
            return
        addressed = addresses_bot(message)
        session = self._desk.session(guild.id)
        read = session is not None and message.channel.id in session.channels
        player = self._desk.player(guild.id)
        channel = player.channel if player is not None else None
        if read and channel is not None and (addressed or self._desk.reads_all):
            since = session.since if session is not None else None
            work = partial(self._read, chat_message(message, channel), channel, since)
            self._desk.post(guild, work)
        elif addressed:
            self._addressed(message, channel)

    def _addressed(self, message: discord.Message, channel: VocalChannel | None) -> None:
        """Read a message to the bot in any other channel: for its author's call, and no other."""
        own = voice_channel_of(message.author)
        if own is None or not self._desk.is_free_for(own):
            return
        if channel != own and not begins_with_bot(message):
            return  # it speaks of the bot, and calls for nothing
        self._desk.post(own.guild, partial(self._come_and_read, message, own))

    async def _come_and_read(self, message: discord.Message, channel: VocalChannel) -> None:
        player = self._desk.player(channel.guild.id)
        away = player is None or player.channel != channel
        free = away and self._desk.is_free_for(channel)
        if free and await self._may_call(message, channel):
            player = await self._desk.come(channel)
        if player is not None and player.channel == channel:
            await self._read(chat_message(message, channel), channel, None)

    async def _may_call(self, message: discord.Message, channel: VocalChannel) -> bool:
        author = message.author
        assert isinstance(author, discord.Member), "nobody else is in a voice channel"
        place = Place(text_place(message.channel), channel.id)
        return await refusal_of(self._desk.services, Action.CALL, author, place) is None

    async def _read(self, chat: ChatMessage, channel: VocalChannel, since: datetime | None) -> None:
        player = self._desk.player(chat.guild_id)
        if player is None or player.channel != channel:
            return
        place = await self._desk.place(channel.guild, channel.id, since)
        reason = await self._desk.reader.read(chat, place, player)
        session = self._desk.session(chat.guild_id)
        if reason is not None and session is not None:
            session.skipped[reason] += 1

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Drop a message that waits."""
        self._withdraw(payload.guild_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Drop messages that wait."""
        self._withdraw(payload.guild_id, payload.message_ids)

    def _withdraw(self, guild_id: int | None, message_ids: Collection[int]) -> None:
        guild = self._desk.bot.get_guild(guild_id or 0)
        if guild is None or self._desk.player(guild.id) is None:
            return

        async def withdraw() -> None:  # in its turn: what is deleted at once is not yet queued
            player = self._desk.player(guild.id)
            if player is not None:
                self._desk.reader.withdraw(message_ids, player)

        self._desk.post(guild, withdraw)

    async def _setting_changed(self, change: SettingChange) -> None:
        self._settings_changed(change.guild_id)

    def _member_changed(self, guild_id: int, user_id: int) -> None:
        self._settings_changed(guild_id)

    def _settings_changed(self, guild_id: int) -> None:
        guild = self._desk.bot.get_guild(guild_id)
        if guild is not None and self._desk.player(guild_id) is not None:
            self._desk.post(guild, partial(self._check_again, guild_id))

    async def _check_again(self, guild_id: int) -> None:
        player = self._desk.player(guild_id)
        if player is not None:
            await self._desk.reader.check_again(guild_id, player)


def voice_channel_of(author: discord.User | discord.Member) -> VocalChannel | None:
    """Return the voice channel that somebody is in."""
    state = author.voice if isinstance(author, discord.Member) else None
    return state.channel if state is not None else None
