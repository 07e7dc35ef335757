"""Where messages are read aloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
