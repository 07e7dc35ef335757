"""What the bot's commands ask for: texts spoken in their turn, and previews as files."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import BusyError
from bot.i18n import ngettext
from bot.speech.audio_file import ogg_bytes
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance, already_loaded, distinct_notes
from bot.speech.types import PACKET_SECONDS, Speech
from bot.text.dictionary import Dictionary
from bot.text.engine_reads import WORDS, EngineReads
from bot.text.names import Names
from bot.text.plan import TextLimits
from bot.workers import Worker
from storage.audit_rows import packets_hash

log = structlog.get_logger(__name__)

PREVIEW_PATIENCE_SECONDS = 10.0
"""A preview may wait this long behind speech that a voice channel is waiting for."""

AHEAD_SECONDS = 30.0

MAX_PREVIEWS = 2
"""Of one guild at a time."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A text spoken into an Ogg Opus file. notes: as in `Speech`, each once.

    milliseconds, packets_sha256: of its packets; see `storage.audit_rows.packets_hash`.
    """

    ogg: bytes
    notes: tuple[str, ...]
    milliseconds: int
    packets_sha256: str


class SpeechDesk:
    """Takes utterances of many guilds; the scheduler decides whose sentence is next.

    media: the worker that writes files, because that needs FFmpeg. reads, load, phrases: see
    `SpeechService`. ahead_seconds: see `Lane`, for what voice channels hear.
    """

    def __init__(
        self,
        scheduler: FairScheduler,
        limits: TextLimits,
        media: Worker,
        reads: Callable[[], EngineReads] = lambda: WORDS,
        ahead_seconds: float = AHEAD_SECONDS,
        *,
        load: Callable[[], Awaitable[None]] = already_loaded,
        phrases: PhraseCache | None = None,
    ) -> None:
        self._scheduler, self._ahead_seconds = scheduler, ahead_seconds
        self._limits = limits
        self._media = media
        self._reads, self._load = reads, load
        self.phrases = phrases
        self._preview_lanes = itertools.count(-1, -1)  # guilds have positive numbers
        self._planning = asyncio.Lock()
        self._previews: Counter[int] = Counter()  # by guild, those that are being made

    async def planned(self, utterance: Utterance) -> Utterance:
        """Return an utterance with its sentences; see `SpeechService.planned`.

        Raises `UserError` for nothing to say, or too much.
        """
        return await self._service(0, asyncio.get_running_loop().time).planned(utterance)

    async def sentences(
        self,
        text: str,
        *,
        language: str | None = None,
        names: Names | None = None,
        dictionary: Dictionary | None = None,
    ) -> tuple[str, ...]:
        """Return what a text is spoken as, in whatever voice; see `planned`, which raises alike."""
        plan = self._service(0, asyncio.get_running_loop().time).plan
        async with self._planning:
            return await asyncio.to_thread(plan, text, language, names, dictionary=dictionary)

    def speak(self, utterance: Utterance, due: Callable[[], float]) -> AsyncGenerator[Speech, None]:
        """Yield the sentences as they are spoken.

        due: when the guild runs out of audio, in seconds of the event loop's clock, as it stands.

        Raises what `SpeechService.speak` raises, while it is iterated.
        """
        return self._service(utterance.guild_id, due, self._ahead_seconds).speak(utterance)

    async def preview(self, utterance: Utterance) -> Preview:
        """Return the utterance as a file.

        Raises `BusyError` when the guild has too many previews made already, and what `speak`
        raises.
        """
        guild_id = utterance.guild_id
        if self._previews[guild_id] >= MAX_PREVIEWS:
            raise BusyError(
                ngettext(
                    "{count} file of speech is being made here already. Try again in a minute.",
                    "{count} files of speech are being made here already. Try again in a minute.",
                    MAX_PREVIEWS,
                ).format(count=MAX_PREVIEWS)
            )
        self._previews[guild_id] += 1
        try:
            return await self._preview(utterance)
        finally:
            self._previews[guild_id] -= 1
            self._previews += Counter()  # forgets the guilds that have none

    async def _preview(self, utterance: Utterance) -> Preview:
        time = asyncio.get_running_loop().time
        begun = time()
        deadline = begun + PREVIEW_PATIENCE_SECONDS
        # A lane of its own: it is no part of what a channel hears. Never overdue: then it would
        # come before all speech that is due now, however long that waits.
        service = self._service(next(self._preview_lanes), lambda: max(deadline, time()))
        async with contextlib.aclosing(service.speak(utterance)) as sentences:
            speeches = [speech async for speech in sentences]
        packets = [packet for speech in speeches for packet in speech.packets]
        ogg = await self._media.run(ogg_bytes, packets)
        log.info(
            "file of speech made",
            guild=utterance.guild_id,
            stage="engine",
            seconds=round(sum(speech.seconds for speech in speeches), 2),
            sentences=len(speeches),
            cached=sum(speech.cached for speech in speeches),
            retries=sum(speech.retries for speech in speeches),
            took_seconds=round(time() - begun, 3),
        )
        milliseconds = round(len(packets) * PACKET_SECONDS * 1000)
        return Preview(ogg, distinct_notes(speeches), milliseconds, packets_hash(packets))

    def _service(
        self, lane: int, due: Callable[[], float], ahead_seconds: float = math.inf
    ) -> SpeechService:
        way = self._scheduler.lane(lane, due, ahead_seconds)
        return SpeechService(
            way, self._limits, self._reads, self._load, self._planning, self.phrases
        )
