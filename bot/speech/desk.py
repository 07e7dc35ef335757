"""What the bot's commands ask for: texts spoken in their turn, and previews as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from bot.speech.audio_file import ogg_bytes
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechLimits, SpeechService, Utterance, distinct_notes
from bot.speech.types import Speech
from bot.workers import Worker

PREVIEW_PATIENCE_SECONDS = 10.0
"""A preview may wait this long behind speech that a voice channel is waiting for."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A text spoken into an Ogg Opus file. notes: as in `Speech`, each once."""

    ogg: bytes
    notes: tuple[str, ...]


class SpeechDesk:
    """Takes utterances of many guilds; the scheduler decides whose sentence is next.

    media: the worker that writes files, because that needs FFmpeg.
    """

    def __init__(self, scheduler: FairScheduler, limits: SpeechLimits, media: Worker) -> None:
        self._scheduler = scheduler
        self._limits = limits
        self._media = media

    def plan(self, text: str, language: str | None = None) -> tuple[str, ...]:
        """Return the sentences of `text`. Raises `UserError` for nothing to say, or too much."""
        return self._service(0, asyncio.get_running_loop().time).plan(text, language)

    def speak(self, utterance: Utterance, due: Callable[[], float]) -> AsyncGenerator[Speech, None]:
        """Yield the sentences as they are spoken.

        due: when the guild runs out of audio, in seconds of the event loop's clock, as it stands.

        Raises what `SpeechService.speak` raises, while it is iterated.
        """
        return self._service(utterance.guild_id, due).speak(utterance)

    async def preview(self, utterance: Utterance) -> Preview:
        """Return the utterance as a file. Raises what `speak` raises."""
        deadline = asyncio.get_running_loop().time() + PREVIEW_PATIENCE_SECONDS
        # A lane of its own: within a guild it is first come, first served.
        service = self._service(-utterance.guild_id, lambda: deadline)
        speeches = [speech async for speech in service.speak(utterance)]
        packets = [packet for speech in speeches for packet in speech.packets]
        return Preview(await self._media.run(ogg_bytes, packets), distinct_notes(speeches))

    def _service(self, lane: int, due: Callable[[], float]) -> SpeechService:
        return SpeechService(self._scheduler.lane(lane, due), self._limits)
