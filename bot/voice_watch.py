"""Notices that a voice in use was deleted, paused, shared otherwise or given another recording."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

import structlog

from bot.commit_watch import CommitWatch
from bot.errors import UserError
from bot.i18n import Translatable
from storage.errors import StorageError, VoiceNotFoundError
from storage.types import VoiceProfile, VoiceState
from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

MAX_WATCHED = 1024
"""Voices that were used last; about as many as an engine keeps prepared."""


class VoiceChangeKind(Enum):
    """What became of a voice."""

    DELETED = auto()
    RECORDING = auto()
    """It has another recording."""
    PAUSED = auto()
    """Nobody may speak as it, from now on."""
    REACH = auto()
    """Others may speak as it than before; also when a pause is over."""


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """A voice changed. clip_sha256: the hash of the recording that it had."""

    voice_id: int
    clip_sha256: str
    kind: VoiceChangeKind


OnChange = Callable[[VoiceChange], Awaitable[None]]


class VoiceWatch:
    """The one place that tells queues, caches and the engine that a voice changed.

    on_first_use: called with each voice that comes into use; must neither block nor fail.

    When `commits` tells of one, the rows of the voices that were used are read, at most
    `MAX_WATCHED`.
    """

    def __init__(self, voices: VoiceStore, commits: CommitWatch) -> None:
        self._voices, self._commits = voices, commits
        self._watched: OrderedDict[int, VoiceState] = OrderedDict()
        self._subscribers: list[OnChange] = []
        self._looking = asyncio.Lock()
        self._looks: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self.on_first_use: Callable[[VoiceProfile], None] = lambda voice: None
        commits.subscribe(self._notice)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[VoiceWatch]:
        """Take looks until the block ends, when those that are being taken are given up."""
        try:
            yield self
        finally:
            ending = self._looks | self._telling
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    def subscribe(self, on_change: OnChange) -> Callable[[], None]:
        """Have `on_change` called with every change; return what ends that."""
        self._subscribers.append(on_change)
        return lambda: self._subscribers.remove(on_change)

    def use(self, voice: VoiceProfile) -> None:
        """Watch a voice from now on."""
        if voice.id in self._watched:  # each message does: what changes is looked at as it is
            self._watched.move_to_end(voice.id)
            return
        self._watched[voice.id] = voice.state
        if len(self._watched) > MAX_WATCHED:
            self._watched.popitem(last=False)
        self.on_first_use(voice)
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
        if self._watched.get(voice.id, now.state) != now.state:
            self._look_soon()
        return now

    async def look(self) -> None:
        """Compare the voices in use with what is stored, and tell of what changed.

        Returns when every subscriber has done what it has to do, also about what another look
        found. Raises StorageError.
        """
        await self._notice()
        if self._telling:
            await asyncio.wait(set(self._telling))

    async def _notice(self) -> None:
        """Compare, and begin to tell of what changed. Raises StorageError.

        Nobody's silence waits for an engine or a store of recordings to be done with another voice:
        that takes as long as a sentence, or a service that does not answer.
        """
        async with self._looking:
            for change in await self._compared() if self._watched else ():
                telling = asyncio.create_task(self._changed(change), name="voice-watch-tell")
                self._telling.add(telling)
                telling.add_done_callback(self._telling.discard)

    async def _compared(self) -> list[VoiceChange]:
        watched = dict(self._watched)  # what comes into use from here on has another look taken
        stored = await self._voices.states(list(watched))
        changes: list[VoiceChange] = []
        for voice_id, before in watched.items():
            if found := list(_changes(voice_id, before, stored.get(voice_id))):
                changes += found
                self._watched.pop(voice_id, None)
                if voice_id in stored:
                    self._watched[voice_id] = stored[voice_id]
        return changes

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


def _changes(voice_id: int, before: VoiceState, now: VoiceState | None) -> Iterator[VoiceChange]:
    told = partial(VoiceChange, voice_id, before.clip_sha256)
    if now is None:
        yield told(VoiceChangeKind.DELETED)
        return
    if now.clip_sha256 != before.clip_sha256:
        yield told(VoiceChangeKind.RECORDING)
    if now.access_version != before.access_version or now.paused != before.paused:
        yield told(VoiceChangeKind.PAUSED if now.paused else VoiceChangeKind.REACH)
