"""One of the processes: it enrols, replaces and deletes voices of its own, and uses everybody's.

It says what it does, as a child of `tests.crash` does, and what it saw of others' voices.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from bot.app import enrolment_service, open_media_worker, open_store
from bot.clip_need import ClipNeed
from bot.commit_watch import CommitWatch
from bot.config import Settings
from bot.config_sections import StorageSettings
from bot.errors import UserError
from bot.logs import configure_logging
from bot.voice_watch import VoiceChange, VoiceWatch
from storage.erasure import Eraser
from storage.errors import StorageError
from storage.types import VoiceProfile
from storage.voices import VoiceStore
from tests.crash.child import MOST_VOICES, Lane, Orders, limits_of_months
from tests.crash.states import GUILD, OWNER, State, clip_of

USE_SECONDS = 0.02
"""Between two uses of a voice."""

MOST_FOUND = 200
_LANE = 2  # of those of tests.crash, the one that only uses voices


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is told. number: which one of how many."""

    storage: StorageSettings
    seed: int
    number: int
    processes: int


@dataclass(frozen=True, slots=True)
class _Orders(Orders):
    """Those of a process that may store its data elsewhere than in a directory."""

    storage: StorageSettings = field(default_factory=StorageSettings)

    @property
    def settings(self) -> Settings:
        """The configuration that the program would have."""
        return Settings(storage=self.storage, limits=limits_of_months())


@dataclass
class Seen:
    """What a process saw of others' voices. Times are of the monotonic clock, the same for all.

    went: when the removal of a clip began and was done, by its hash. uses: hash, when its voice was
    looked up. in_use: the voice that was watched with a clip, by hash. told: number of a voice, and
    when a change of it was told. ended: when it stopped to listen.
    """

    went: dict[str, tuple[float, float]] = field(default_factory=dict)
    uses: list[tuple[str, float]] = field(default_factory=list)
    in_use: dict[str, int] = field(default_factory=dict)
    told: list[tuple[int, float]] = field(default_factory=list)
    gone: int = 0
    ended: float = 0.0
    failed: list[str] = field(default_factory=list)


def work(task: Task, connection: Connection) -> None:
    """Say that all is open, and do it until when the answer says, by the monotonic clock."""
    configure_logging("critical", "json")
    asyncio.run(_work(task, connection))


async def _work(task: Task, connection: Connection) -> None:
    seed, storage = task.seed * 1000 + task.number, task.storage
    orders = _Orders(storage.directory, None, seed, {}, 0, storage)
    numbers = itertools.count(task.number + 1, task.processes)
    seen = Seen()
    async with AsyncExitStack() as stack:
        with _noting(seen, "opening"):
            store = await stack.enter_async_context(open_store(orders.settings))
            media = await stack.enter_async_context(open_media_worker(orders.settings))
            commits = await stack.enter_async_context(CommitWatch(store.version).running())
            watch = await stack.enter_async_context(VoiceWatch(store, commits).running())
            service = enrolment_service(orders.settings, media, store, clip_need=ClipNeed)
            lane = _Changing(seen, _LANE, store, service, numbers, orders, connection)
            user = _User(store, watch, seen, Random(orders.seed))
            connection.send_bytes(json.dumps({"open": True}).encode())
            until = float(await asyncio.to_thread(connection.recv))
            await asyncio.gather(lane.until(until), user.run(until))
            await asyncio.sleep(1.0)  # most changes of others are told by then
            seen.ended = time.monotonic()
    connection.send_bytes(json.dumps({"seen": vars(seen)}).encode())


class _Changing(Lane):
    """Changes voices of its own, so that no clip comes back that once went."""

    def __init__(self, seen: Seen, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._seen = seen

    async def until(self, end: float) -> None:
        while time.monotonic() < end:
            with _noting(self._seen, "changing"):
                await self._choose()()

    def _choose(self) -> Callable[[], Awaitable[None]]:
        if len(self._states) < MOST_VOICES // 2:
            return self._enrol
        operations = [self._enrol, self._replace, self._rename, self._delete, self._erase]
        return self._random.choices(operations, [4, 4, 2, 3, 1])[0]

    async def _erase(self) -> None:
        key, _ = self._any()
        eraser = Eraser.beside(self._store)
        await self._do("erase", key, None, eraser.erase_member(OWNER + key, finish=False))
        with suppress(StorageError):  # others read: the bot, too, rewrites the database later then
            await eraser.finish()

    async def _do(
        self, operation: str, key: int | None, after: State | None, doing: Awaitable[object]
    ) -> None:
        before, begun = self._states.get(key) if key is not None else None, time.monotonic()
        await super()._do(operation, key, after, doing)
        if before is not None and (after is None or after.clip != before.clip):
            self._seen.went[clip_of(before.clip).sha256] = begun, time.monotonic()


@contextmanager
def _noting(seen: Seen, what: str) -> Iterator[None]:
    """Note what the store refuses; nothing of it should be."""
    try:
        yield
    except StorageError as error:
        seen.failed.append(f"{what}: {error}")


class _User:
    """Uses voices as the bot does: looks them up, and reads their clips."""

    def __init__(self, store: VoiceStore, watch: VoiceWatch, seen: Seen, random: Random) -> None:
        self._store, self._watch, self._seen, self._random = store, watch, seen, random
        watch.subscribe(self._changed)

    async def _changed(self, change: VoiceChange) -> None:
        self._seen.told.append((change.voice_id, time.monotonic()))

    async def run(self, until: float) -> None:
        while time.monotonic() < until:
            with _noting(self._seen, "using"):
                voices = await self._store.list_voices(GUILD, limit=MOST_FOUND)
                for voice in self._random.sample(voices, min(5, len(voices))):
                    await self._use(voice)
            await asyncio.sleep(USE_SECONDS)

    async def _use(self, voice: VoiceProfile) -> None:
        self._watch.use(voice)
        self._seen.in_use[voice.clip_sha256] = voice.id
        begun = time.monotonic()
        try:
            now = await self._watch.current(voice)
        except UserError:
            self._seen.gone += 1
            return
        self._seen.uses.append((now.clip_sha256, begun))
        try:
            await self._store.load(now.clip_sha256)
        except StorageError as error:
            await self._excuse(now, error)

    async def _excuse(self, voice: VoiceProfile, error: StorageError) -> None:
        """Note a clip that cannot be read, unless the voice was deleted or replaced meanwhile."""
        stored: dict[int, Any] = dict(await self._store.states([voice.id]))
        state = stored.get(voice.id)
        if state is not None and state.clip_sha256 == voice.clip_sha256:
            self._seen.failed.append(f"loading: {error}")
        else:
            self._seen.gone += 1
