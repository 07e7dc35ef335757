"""What a server allows, asked of the one place that decides."""

from __future__ import annotations

from collections.abc import Callable

from bot.consent.access import NOBODY, may_speak_as
from bot.reading.message import Author
from bot.settings import permissions
from bot.settings.guild import GuildSettings
from bot.settings.permissions import Action, MemberFacts, refusal
from storage.access import VoiceAccess


def is_allowed(text_channels: tuple[int, ...], guild: GuildSettings) -> bool:
    """Whether the bot may be used in a channel; text_channels: it and, of a thread, its parent."""
    place = permissions.Place(text_channels)
    return refusal(Action.CHOOSE, NOBODY, place, guild) is None


def may_speak_in(voice_channel_id: int, guild: GuildSettings) -> bool:
    """Return whether the bot may speak in a voice channel, where it may have been moved to."""
    place = permissions.Place(voice=voice_channel_id)
    return refusal(Action.CHOOSE, NOBODY, place, guild) is None


def voices_for(
    author: Author | None, guild_id: int, guild: GuildSettings
) -> Callable[[VoiceAccess], bool]:
    """Return what tells whether somebody may speak in a voice; None: whether everybody may."""
    facts, place = facts_of(author), permissions.Place(guild=guild_id)
    return lambda voice: may_speak_as(facts, voice, place, guild) is None


def facts_of(author: Author | None) -> MemberFacts:
    """Return what is asked about somebody who is read; None: nobody."""
    return MemberFacts(author.id, author.roles, author.manages) if author is not None else NOBODY
