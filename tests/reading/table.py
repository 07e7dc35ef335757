"""The table of messages: how a line becomes a message, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.reading.message import AttachmentKind, Author, ChatMessage
from bot.reading.place import Context, Place
from bot.reading.rules import skip_reason
from bot.reading.spoken import SpokenPart, spoken_parts
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.speech.texts import reads_for
from bot.text.names import Names
from bot.text.plan import TextLimits, plan_text

BOT_ID = 900_000_000_000_000_009
NAMES = Names(
    members={175928847299117063: "Anna_B ✨", BOT_ID: "Mynah"},
    roles={200000000000000001: "🌙 Night Mods"},
    channels={300000000000000001: "general-chat"},
    typed_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
)
ATTACHMENTS: dict[str, AttachmentKind] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "voice message",
    "file": "file",
}
READS = reads_for("chatterbox", "multilingual")
LIMITS = TextLimits(first_sentence_characters=260)


@dataclass(frozen=True)
class Row:
    """A line. rest: what else a message has, such as "image image reply=Ben"."""

    locale: str
    language: str
    name: str
    content: str
    rest: str

    @property
    def message(self) -> ChatMessage:
        given = [word.partition("=")[::2] for word in self.rest.split()]
        named = [(key, value.replace("_", " ")) for key, value in given]
        values: dict[str, Any] = dict(named)
        return ChatMessage(
            id=1,
            guild_id=2,
            channel_id=3,
            author=Author(4, self.name or "Anna", bot="bot" in values, webhook="webhook" in values),
            content=self.content.replace("\\n", "\n").replace("\\\\", "\\"),
            names=NAMES,
            reply_to=values.get("reply"),
            forwarded=values.get("forward"),
            attachments=tuple(ATTACHMENTS[key] for key, _ in named if key in ATTACHMENTS),
            stickers=tuple(value for key, value in named if key == "sticker"),
            poll=values.get("poll"),
            embeds=tuple(value for key, value in named if key == "embed"),
            silent="silent" in values,
            edited="edited" in values,
        )

    @property
    def context(self) -> Context:
        most = re.search(r"most=(\d+)", self.rest)
        guild = GuildSettings(
            max_characters=int(most[1]) if most else 300, read_embeds="embeds" in self.rest.split()
        )
        return Context(Place(5, bot_id=BOT_ID, locale=self.locale), guild, MemberSettings())


def said(row: Row) -> str:
    """Return what an engine is asked to say, each part behind its language, or why nothing is."""
    reason = skip_reason(row.message, row.context)
    if reason is not None:
        return f"- {reason.name.lower()}"
    parts = spoken_parts(row.message, row.context, row.language, row.name or None)
    return " ¦ ".join(f"{part.language}: {spoken(part)}" for part in parts)


def spoken(part: SpokenPart) -> str:
    return " ".join(plan_text(part.text, LIMITS, language=part.language, names=NAMES, reads=READS))
