"""What the running bot remembers of people besides what is stored: all of it is dropped here."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from bot.dictionary.service import DictionaryService
from bot.enrolment.service import EnrolmentService
from bot.operations.allowances import Allowances
from bot.privacy.whose import Whose
from bot.reading.service import ReadingService
from bot.reading.sessions import ReadingSessions
from bot.settings.service import SettingsService
from bot.voice.manager import VoiceManager


class Remembering(Protocol):
    """The services that remember something of members."""

    @property
    def settings(self) -> SettingsService:
        """Settings that were read."""

    @property
    def dictionary(self) -> DictionaryService:
        """Entries that were read."""

    @property
    def voice(self) -> VoiceManager:
        """Texts that wait, and who is being recorded."""

    @property
    def enrolment(self) -> EnrolmentService:
        """Who uploaded how much."""

    @property
    def reading(self) -> ReadingService:
        """Who spoke last, what was written just before, how much."""

    @property
    def sessions(self) -> ReadingSessions:
        """Who had which channel read."""

    @property
    def allowances(self) -> Allowances:
        """How much was said."""


async def forget(services: Remembering, whose: Whose) -> None:
    """Drop what is remembered of somebody. Raises StorageError."""
    if whose.user_id is not None or whose.guild_id is not None:
        await services.voice.forget(whose.covers)
    services.reading.forget_members(whose.covers)
    services.allowances.forget(whose.covers)
    if whose.guild_id is None:  # turns are the same on every server
        services.enrolment.turns.forget(partial(whose.covers, 0))
    services.dictionary.forget(whose.covers)
    await services.settings.take_in()
    await services.sessions.take_in()
