"""Chat in, what is said out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.reading.message import ChatMessage
from bot.reading.place import Place
from bot.reading.rules import SkipReason
from bot.reading.speaker import Speaker, Speakers
from bot.reading.spoken import SpokenPart
from bot.settings.member import MemberSettings
from bot.settings.service import SettingsService
from bot.text.names import Names


@dataclass(eq=False, slots=True)
class Reading:
    """What is to be read aloud: of a message, or that somebody came or went.

    member_id: whose turn of the queue it takes. member: their settings, for speed and volume.
    text: what is said apart from the name, for /queue and for an estimate of its length.
    names: what mentions stand for.
    """

    guild_id: int
    member_id: int
    speaker: Speaker
    member: MemberSettings
    text: str
    names: Names
    compose: Callable[[str | None], tuple[SpokenPart, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said when a reading's turn comes.

    parts: in order; each is an utterance of its own to the engine. hurry: by what factor faster
    than usual, 1 to 1.5, because much waits.
    """

    parts: tuple[SpokenPart, ...]
    hurry: float = 1.0


class ReadingService:
    """Decides what is read aloud, by whom and in which words; what it remembers is bounded."""

    def __init__(self, settings: SettingsService, speakers: Speakers) -> None:
        self._settings = settings
        self._speakers = speakers

    async def read(self, message: ChatMessage, place: Place) -> Reading | SkipReason:
        """Return what a message that arrived comes to. Raises StorageError."""
        raise NotImplementedError

    async def speak_this(
        self, message: ChatMessage, place: Place, *, voice_of: int
    ) -> Reading | SkipReason:
        """Return a message that a member asked to hear, in the voice of `voice_of`.

        The rules for chat do not hold, but who does not want to be read is not read.
        Raises StorageError.
        """
        raise NotImplementedError

    async def joined(self, guild_id: int, user_id: int, name: str, place: Place) -> Reading | None:
        """Return what is said when a member comes: their greeting, or that they are there.

        None where nothing is to be said. Raises StorageError.
        """
        raise NotImplementedError

    async def left(self, guild_id: int, user_id: int, name: str, place: Place) -> Reading | None:
        """Return what is said when a member goes, as `joined` does."""
        raise NotImplementedError

    def begin(self, reading: Reading, *, waiting_seconds: float = 0.0) -> Said:
        """Return what is said, when synthesis of it begins, in the order of speech.

        Names and what was left out are decided here, because what is queued may never be heard.
        Asked again for the same reading, it returns the same parts. waiting_seconds: how much
        chatter waits behind it, at ordinary speed.
        """
        raise NotImplementedError

    def ended(self, reading: Reading, *, dropped: bool = False) -> None:
        """Hear that a reading is over; one that was dropped is told of before the next."""
        raise NotImplementedError

    def forget(self, guild_id: int) -> None:
        """Forget who spoke and what was left out, when the bot leaves or is stopped."""
        raise NotImplementedError
