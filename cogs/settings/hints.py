"""What an admin should know of what they just set."""

from __future__ import annotations

import discord

from bot.i18n import _, listed
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Picker, Settings
from bot.settings.guild import GuildSettings
from cogs.moderation import problem_of

MOST_NAMED = 5


def hint_about(guild: discord.Guild | None, definition: Definition, settings: Settings) -> str:
    """Return what the bot lacks for a setting as it is now; "" if nothing."""
    if guild is None:
        return ""
    several = definition.kind is Kind.SEVERAL
    if definition.picker is Picker.VOICE_CHANNEL and several:
        return _unspeakable(guild, getattr(settings, definition.key))
    if not isinstance(settings, GuildSettings):
        return ""
    if definition.key == "moderation_channel":
        return problem_of(guild, settings) or ""
    if definition.key == "name_speakers":
        return _unwritable(guild, settings)
    return ""


def _unwritable(guild: discord.Guild, settings: GuildSettings) -> str:
    if settings.name_speakers == "never":
        return ""
    chosen = [channel for channel in map(guild.get_channel, settings.voice_channels) if channel]
    heard = [each for each in chosen or guild.voice_channels if _may_speak(each, guild.me)]
    closed = [each.mention for each in heard if not each.permissions_for(guild.me).send_messages]
    if not closed:
        return ""
    return _(
        "I cannot write in the chat of {channels}, so nobody reads there who speaks: give me Send "
        "Messages there."
    ).format(channels=listed(closed[:MOST_NAMED]))


def _unspeakable(guild: discord.Guild, ids: tuple[int, ...]) -> str:
    channels = [channel for channel in map(guild.get_channel, ids) if channel is not None]
    closed = [channel.mention for channel in channels if not _may_speak(channel, guild.me)]
    if not closed:
        return ""
    return _(
        "I cannot speak in {channels} yet: give me View Channel, Connect and Speak there."
    ).format(channels=listed(closed[:MOST_NAMED]))


def _may_speak(channel: discord.abc.GuildChannel, me: discord.Member) -> bool:
    may = channel.permissions_for(me)
    return may.view_channel and may.connect and may.speak
