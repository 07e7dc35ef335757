"""What a server allows, asked of the one place that decides."""

from __future__ import annotations

from collections.abc import Callable

from bot.reading.message import Author
from bot.settings import permissions
from bot.settings.guild import GuildSettings
from bot.settings.permissions import Action, MemberFacts, VoiceFacts, refusal
from storage.types import VoiceProfile

_NOBODY = MemberFacts(0)
_ANYWHERE = permissions.Place()


def is_allowed(text_channels: tuple[int, ...], guild: GuildSettings) -> bool:
    """Whether the bot may be used in a channel; text_channels: it and, of a thread, its parent."""
    place = permissions.Place(text_channels)
    return refusal(Action.CHOOSE, _NOBODY, place, guild) is None


def may_speak_in(voice_channel_id: int, guild: GuildSettings) -> bool:
    """Return whether the bot may speak in a voice channel, where it may have been moved to."""
    place = permissions.Place(voice=voice_channel_id)
    return refusal(Action.CHOOSE, _NOBODY, place, guild) is None


def voices_for(author: Author, guild: GuildSettings) -> Callable[[VoiceProfile], bool]:
    """Return what tells whether somebody may speak in a voice."""
    facts = MemberFacts(author.id, author.roles, author.manages)

    def may_use(voice: VoiceProfile) -> bool:
        asked = VoiceFacts(voice.id, voice.owner_id)
        return refusal(Action.CHOOSE, facts, _ANYWHERE, guild, voice=asked) is None

    return may_use
