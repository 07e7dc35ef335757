"""Which messages are read aloud."""

from __future__ import annotations

from enum import StrEnum

from bot.i18n import N_
from bot.reading.message import ChatMessage
from bot.reading.place import Place
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings


class SkipReason(StrEnum):
    """Why a message is not read; the values are told to people."""

    OWN = N_("I wrote it")
    BOT = N_("a bot wrote it")
    WEBHOOK = N_("a webhook wrote it")
    BLOCKED = N_("its author is blocked")
    MUTED = N_("its author is muted")
    MUTED_ROLE = N_("a role of its author is muted")
    MUTED_BY_THEMSELVES = N_("its author does not want to be read")
    ROLE_MISSING = N_("its author has no role that is read")
    NOT_IN_CALL = N_("its author is not in the voice channel")
    CHANNEL_NOT_ALLOWED = N_("its channel is not allowed")
    SILENT = N_("it was sent silently")
    PREFIX = N_("it begins with the mark that skips")
    EDITED = N_("it was edited")
    OLD = N_("it is older than the call")
    NOTHING_TO_SAY = N_("there is nothing to say in it")
    TOO_MANY = N_("its author writes too much")
    REPEATED = N_("its author wrote the same before")
    NO_VOICE = N_("there is no voice for its author")


def skip_reason(
    message: ChatMessage, guild: GuildSettings, member: MemberSettings, place: Place
) -> SkipReason | None:
    """Return why a message is not read, None if it is. member: the settings of its author."""
    return None
