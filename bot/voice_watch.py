"""Notices that a voice in use was deleted or given another recording, by whichever process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.commit_watch import CommitWatch
from bot.errors import UserError
from bot.i18n import Translatable
from storage.errors import StorageError, VoiceNotFoundError
from storage.types import VoiceProfile
from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

MAX_WATCHED = 1024
"""Voices that were used last; about as many as an engine keeps prepared."""


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """A voice lost the clip with this hash. deleted: it is gone; otherwise it has another clip."""

    voice_id: int
    clip_sha256: str
    deleted: bool


OnChange = Callable[[VoiceChange], Awaitable[None]]


class VoiceWatch:
    """The one place that tells queues, caches and the engine that a voice changed.

    When `commits` tells of one, the rows of the voices that were used are read, at most
    `MAX_WATCHED`.
    """

    def __init__(self, voices: VoiceStore, commits: CommitWatch) -> None:
        self._voices, self._commits = voices, commits
        self._watched: OrderedDict[int, str] = OrderedDict()  # the clip's hash, by voice
        self._subscribers: list[OnChange] = []
        self._looking = asyncio.Lock()
        self._looks: set[asyncio.Task[None]] = set()
        commits.subscribe(self.look)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[VoiceWatch]:
        """Take looks until the block ends, when those that are being taken are given up."""
        try:
            yield self
        finally:
            for ending in self._looks:
                ending.cancel()
            await asyncio.gather(*self._looks, return_exceptions=True)

    def subscribe(self, on_change: OnChange) -> Callable[[], None]:
        """Have `on_change` called with every change; return what ends that."""
        self._subscribers.append(on_change)
        return lambda: self._subscribers.remove(on_change)

    def use(self, voice: VoiceProfile) -> None:
        """Watch a voice from now on."""
        if voice.id in self._watched:  # each message does: what changes is looked at as it is
            self._watched.move_to_end(voice.id)
            return
        self._watched[voice.id] = voice.clip_sha256
        if len(self._watched) > MAX_WATCHED:
            self._watched.popitem(last=False)
        self._commits.look_again()  # it may have changed since it was read

    async def current(self, voice: VoiceProfile) -> VoiceProfile:
        """Return the voice as it is now; who changed it is no matter.

        Raises UserError if it was deleted, StorageError.
        """
        try:
            now = await self._voices.get(voice.id)
        except VoiceNotFoundError as error:
            self._look_soon()
            raise UserError(Translatable("The voice was deleted, so this is not said.")) from error
        if self._watched.get(voice.id, now.clip_sha256) != now.clip_sha256:
            self._look_soon()
        return now

    async def look(self) -> None:
        """Compare the voices in use with what is stored, and tell of what changed.

        Returns when every subscriber has done what it has to do. Raises StorageError.
        """
        async with self._looking:
            if not self._watched:
                return
            watched = dict(self._watched)  # what comes into use from here on has another look taken
            stored = await self._voices.clip_hashes(list(watched))
            for voice_id, sha256 in watched.items():
                if stored.get(voice_id) != sha256:
                    await self._changed(VoiceChange(voice_id, sha256, voice_id not in stored))
                    self._watched.pop(voice_id, None)
                    if voice_id in stored:
                        self._watched[voice_id] = stored[voice_id]

    async def try_look(self) -> None:
        """Look; where the database fails, log it, and look again in half a second."""
        try:
            await self.look()
        except StorageError as error:
            self._commits.look_again()
            log.warning("voices cannot be looked at", stage="voice", error=str(error))

    def _look_soon(self) -> None:
        # A task of its own: what it ends may be the task that asks.
        task = asyncio.create_task(self.try_look(), name="voice-watch-look")
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _changed(self, change: VoiceChange) -> None:
        told = (subscriber(change) for subscriber in self._subscribers)
        for result in await asyncio.gather(*told, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("a change of a voice was not taken in", stage="voice", exc_info=result)
