"""Messages and settings to read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.reading.message import Author, ChatMessage
from bot.reading.place import Context, Place
from bot.reading.reading import Reading
from bot.reading.service import ReadingService
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.service import SettingsService
from bot.text.names import Names
from storage.types import NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import make_clip

GUILD, CHAT, CALL, BOT, ANN, BEN = 10, 20, 30, 40, 1, 2
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
PLACE = Place(CALL, bot_id=BOT)


def author(member_id: int = ANN, name: str = "Anna", **values: Any) -> Author:
    return Author(member_id, name, **values)


def message(content: str = "hello there", **values: Any) -> ChatMessage:
    given: dict[str, Any] = {
        "id": 1,
        "guild_id": GUILD,
        "channel_id": CHAT,
        "author": author(),
        "names": Names(typed_at=NOW),
    }
    return ChatMessage(content=content, **(given | values))


def context(place: Place = PLACE, member: MemberSettings | None = None, **guild: Any) -> Context:
    return Context(place, GuildSettings(**guild), member or MemberSettings())


class Clock:
    """Stands still until it is set on; in s."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def add(
    store: VoiceStore, name: str, guild_id: int = GUILD, *, owner: int | None = None, **values: Any
) -> VoiceProfile:
    """Enrol a voice. seconds: of its clip."""
    seconds = values.pop("seconds", 0.1)
    voice = NewVoice(guild_id, name, owner_id=owner, **values)
    return await store.add(voice, make_clip(len(name), seconds))


async def set_guild(settings: SettingsService, **values: object) -> None:
    for key, value in values.items():
        await settings.change_guild(GUILD, key, value, changed_by=None)


async def reading_of(reading: ReadingService, written: ChatMessage) -> Reading:
    found = await reading.read(written, PLACE)
    assert isinstance(found, Reading)
    return found


def heard(reading: ReadingService, read: Reading) -> list[str]:
    """Return what is said of a reading, which ends then."""
    said = [part.text for part in reading.begin(read).parts]
    reading.ended(read)
    return said
