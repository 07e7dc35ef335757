"""Where messages are read aloud, and the settings that hold there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings


@dataclass(frozen=True, slots=True)
class Place:
    """Where, since when and in which languages a guild is read to.

    voice_channel_id: where it is heard; its own chat is read, too. since: older messages are not
    read; None reads them all. bot_id: the bot's own, whose mention is not said.
    locale: of announcements, as in `bot.i18n.server_locale`. language: ISO 639-1 code of what
    members write who set none.
    """

    voice_channel_id: int
    since: datetime | None = None
    bot_id: int = 0
    locale: str = "en"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for one member in a place. member: their own settings."""

    place: Place
    guild: GuildSettings
    member: MemberSettings
