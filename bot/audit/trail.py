"""The audit trail as the program uses it: what happened is written down, old rows go."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from bot.audit.events import Event, Spoken, Unrecorded
from bot.settings.service import SettingsService
from storage.audit import AuditStore
from storage.audit_reading import AuditFilter, AuditReader
from storage.audit_rows import AuditRow, NewRow, now
from storage.errors import StorageError
from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

GROUP_SECONDS = 1.0
"""Utterances that end within that time are written in one transaction."""

MAX_GROUP = 200
"""Utterances that are written in one transaction, for which other writers wait."""

MAX_WAITING = 2_000
"""Utterances that wait to be written; of more, the number is written."""

PRUNE_SECONDS = 3600.0
_PAUSE_SECONDS = 0.05  # between batches, so that others get to write


class AuditTrail:
    """What happened, in an append-only chain for each guild.

    reader: pages and look-ups. covers: of which guilds this process removes old rows.
    """

    def __init__(
        self,
        store: AuditStore,
        reader: AuditReader,
        settings: SettingsService,
        covers: Callable[[int], bool] = lambda guild_id: True,
    ) -> None:
        self.store, self.reader, self._covers = store, reader, covers
        self._settings = settings
        self._waiting: deque[tuple[int, Callable[[], Spoken]]] = deque()
        self._unrecorded: Counter[int] = Counter()
        self._flushes: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self._writing = asyncio.Lock()
        self._failed = False

    @classmethod
    def beside(
        cls,
        voices: VoiceStore,
        settings: SettingsService,
        covers: Callable[[int], bool] = lambda guild_id: True,
    ) -> AuditTrail:
        """Return the trail in the database of `voices`, which goes on owning it."""
        store = AuditStore(voices.database, voices.keys)
        return cls(store, AuditReader(voices.database), settings, covers)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[AuditTrail]:
        """Write what is spoken and remove what is old until the block ends; then write the rest."""
        tasks = [
            asyncio.create_task(self._write_groups(), name="audit-write"),
            asyncio.create_task(self._prune_regularly(), name="audit-prune"),
        ]
        try:
            yield self
        finally:
            async with self._writing:  # what is being written is written
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.flush()

    async def record(self, guild_id: int, event: Event) -> None:
        """Write down what happened; return when that is done. What is spoken waits for its group.

        Never raises: what happened has happened. What cannot be written is logged, once until it
        can be again.
        """
        if isinstance(event, Spoken):
            self.spoken(guild_id, lambda: event)
            return
        try:
            await self.store.append(guild_id, [event.row()])
        except StorageError as error:
            self._cannot_write(error)
        else:
            self._failed = False

    def spoken(self, guild_id: int, tell: Callable[[], Spoken]) -> None:
        """Have written down, within a second or two, what was spoken. Never waits.

        tell: what it was; asked when it is written.
        """
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append((guild_id, tell))
        else:
            self._unrecorded[guild_id] += 1
        self._arrived.set()

    async def flush(self) -> None:
        """Write what waits now. Raises nothing; what cannot be written goes on waiting.

        Who is cancelled meanwhile takes nothing back: half a flush would be written twice.
        """
        task = asyncio.create_task(self._flush(), name="audit-flush")
        self._flushes.add(task)
        task.add_done_callback(self._flushes.discard)
        await asyncio.shield(task)

    async def _flush(self) -> None:
        async with self._writing:
            try:
                for _group in range(0, len(self._waiting), MAX_GROUP):
                    await self._write_group()
            except StorageError as error:
                self._cannot_write(error)
            else:
                self._failed = False

    async def _write_group(self) -> None:
        group = list(itertools.islice(self._waiting, MAX_GROUP))
        unrecorded = self._unrecorded.copy()
        try:
            await self.store.append_all(await self._rows_of(group, unrecorded))
        except StorageError:
            raise
        except Exception:  # the others behind it are written all the same
            log.exception("what was spoken could not be written down", stage="audit")
            unrecorded = Counter()
            self._unrecorded.update(guild_id for guild_id, _tell in group)
        for _written in group:
            self._waiting.popleft()
        self._unrecorded -= unrecorded

    async def find(self, packets_sha256: str, guild_id: int | None = None) -> list[AuditRow]:
        """Return what was spoken with exactly the packets of that hash; see `AuditReader.find`.

        Also what still waits to be written. Raises StorageError.
        """
        await self.flush()
        return await self.reader.find(packets_sha256, guild_id)

    async def rows_about(self, guild_id: int, user_id: int) -> AsyncIterator[AuditRow]:
        """Yield all rows of a guild that name a member, the oldest first. Raises StorageError."""
        await self.flush()
        async for row in self.reader.all_rows(guild_id, AuditFilter(member_id=user_id)):
            yield row

    async def prune(self) -> int:
        """Remove rows that are older than their guild's setting says; return how many.

        Seals all before, also what other stores appended.

        Raises StorageError.
        """
        await self.store.seal_all()
        removed = 0
        for chain in await self.store.chains():
            if not self._covers(chain.guild_id):
                continue  # another process's
            days = (await self._settings.guild(chain.guild_id)).audit_days
            until = now() - timedelta(days=days)
            while batch := await self.store.prune(chain.guild_id, until):
                removed += batch
                await asyncio.sleep(_PAUSE_SECONDS)
        return removed

    async def _rows_of(
        self, group: Sequence[tuple[int, Callable[[], Spoken]]], unrecorded: Mapping[int, int]
    ) -> dict[int, list[NewRow]]:
        rows: defaultdict[int, list[NewRow]] = defaultdict(list)
        for guild_id, tell in group:
            keeps_texts, event = (await self._settings.guild(guild_id)).audit_texts, tell()
            rows[guild_id].append((event if keeps_texts else event.without_text()).row())
        for guild_id, count in unrecorded.items():
            rows[guild_id].append(Unrecorded(by="bot", count=count).row())
        return rows

    async def _write_groups(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GROUP_SECONDS)
            self._arrived.clear()
            await self.flush()
            if self._waiting:
                self._arrived.set()

    async def _prune_regularly(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            with contextlib.suppress(StorageError):  # tried again in an hour
                await self.prune()

    def _cannot_write(self, error: StorageError) -> None:
        if not self._failed:
            self._failed = True
            log.error("the audit trail cannot be written", stage="audit", error=str(error))
