"""The trail as the program uses it: groups, bounds, full disks, old rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.audit.events import Blocked, Spoken
from bot.audit.trail import MAX_GROUP, MAX_WAITING, AuditTrail
from bot.settings.service import SettingsService
from storage.audit import AuditStore
from storage.audit_check import verify
from storage.audit_reading import AuditFilter, AuditReader
from storage.audit_rows import AuditRow, NewRow
from storage.errors import DiskFullError
from storage.setting_values import SettingValues
from storage.voices import VoiceStore

GUILD, OTHER = 4321, 4322
SPOKEN = Spoken(
    by=7, voice_id=3, owner_id=8, milliseconds=20, packets_sha256="a" * 64, way="say", text="Hi"
)


@dataclass
class Store(AuditStore):
    """The real one, which can be told to fail, and counts its transactions."""

    database: Any
    failure: Exception | None = None
    transactions: int = 0
    written: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__(self.database)

    async def append_all(self, rows: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.transactions += 1
        await super().append_all(rows)
        self.written.set()

    async def append(self, guild_id: int, rows: Any) -> None:
        if self.failure is not None:
            raise self.failure
        await super().append(guild_id, rows)


@pytest.fixture
async def voices(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as store:
        yield store


@pytest.fixture
def store(voices: VoiceStore) -> Store:
    return Store(voices.database)


@pytest.fixture
def trail(voices: VoiceStore, store: Store) -> AuditTrail:
    settings = SettingsService(SettingValues.beside(voices))
    return AuditTrail(store, AuditReader(voices.database), settings)


async def rows(trail: AuditTrail, guild_id: int = GUILD) -> list[AuditRow]:
    return await trail.reader.page(guild_id, AuditFilter(), 5000)


async def test_what_happens_is_written_before_the_command_answers(trail: AuditTrail) -> None:
    await trail.record(GUILD, Blocked(by=7, member_id=9))
    assert [row.kind for row in await rows(trail)] == ["blocked"]


async def test_what_is_spoken_waits_for_nobody_and_is_written_in_one_transaction(
    trail: AuditTrail, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.audit.trail.GROUP_SECONDS", 0.01)
    async with trail.running():
        for _ in range(20):
            trail.spoken(GUILD, lambda: SPOKEN)
        trail.spoken(OTHER, lambda: SPOKEN)
        assert store.transactions == 0
        await store.written.wait()
        assert store.transactions == 1
        assert [len(await rows(trail, guild)) for guild in (GUILD, OTHER)] == [20, 1]


async def test_what_waits_at_the_end_is_written_once(trail: AuditTrail) -> None:
    async with trail.running():
        await trail.record(GUILD, SPOKEN)
    assert len(await rows(trail)) == 1


async def test_the_end_in_the_middle_of_writing_writes_nothing_twice(
    trail: AuditTrail, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.audit.trail.GROUP_SECONDS", 0)
    async with trail.running():
        for _ in range(50):
            trail.spoken(GUILD, lambda: SPOKEN)
        while not trail._writing.locked():
            await asyncio.sleep(0)
    assert len(await rows(trail)) == 50


async def test_who_is_cancelled_while_it_is_written_writes_nothing_twice(
    trail: AuditTrail, store: Store
) -> None:
    trail.spoken(GUILD, lambda: SPOKEN)
    finding = asyncio.create_task(trail.find("a" * 64))
    while not trail._writing.locked():
        await asyncio.sleep(0)
    finding.cancel()
    await asyncio.gather(finding, return_exceptions=True)
    await trail.flush()
    assert len(await rows(trail)) == 1


async def test_what_a_full_disk_refuses_is_logged_once_and_written_later(
    trail: AuditTrail, store: Store
) -> None:
    store.failure = DiskFullError("full")
    with structlog.testing.capture_logs() as lines:
        trail.spoken(GUILD, lambda: SPOKEN)
        await trail.flush()
        await trail.flush()
        await trail.record(GUILD, Blocked(by=7, member_id=9))
    assert [line["event"] for line in lines] == ["the audit trail cannot be written"]
    store.failure = None
    await trail.flush()
    assert [row.kind for row in await rows(trail)] == ["spoken"]
    with structlog.testing.capture_logs() as again:
        store.failure = DiskFullError("full")
        await trail.record(GUILD, Blocked(by=7, member_id=9))
    assert len(again) == 1


async def test_of_more_than_can_wait_the_number_is_written(trail: AuditTrail, store: Store) -> None:
    store.failure = DiskFullError("full")
    for _ in range(MAX_WAITING + 3):
        trail.spoken(GUILD, lambda: SPOKEN)
    trail.spoken(OTHER, lambda: SPOKEN)
    with structlog.testing.capture_logs():
        await trail.flush()
    assert len(trail._waiting) == MAX_WAITING
    store.failure = None
    await trail.flush()
    written = await rows(trail)
    assert len(written) == MAX_WAITING + 1
    [unrecorded] = [row for row in written if row.kind == "unrecorded"]
    assert (unrecorded.actor, unrecorded.data) == ("bot", {"count": 3})
    assert [row.data for row in await rows(trail, OTHER)] == [{"count": 1}]
    assert store.transactions == MAX_WAITING / MAX_GROUP


async def test_what_cannot_be_written_at_all_holds_up_nothing(
    trail: AuditTrail, store: Store
) -> None:
    def broken() -> Spoken:
        raise ValueError

    trail.spoken(GUILD, broken)
    with structlog.testing.capture_logs() as lines:
        await trail.flush()
    assert [line["log_level"] for line in lines] == ["error"]
    await trail.record(GUILD, SPOKEN)
    await trail.flush()
    assert {row.kind for row in await rows(trail)} == {"spoken", "unrecorded"}


async def test_a_text_that_is_no_unicode_is_written_all_the_same(
    trail: AuditTrail, voices: VoiceStore
) -> None:
    await SettingValues.beside(voices).set_for_guild(GUILD, "audit_texts", True, changed_by=1)
    await trail.record(GUILD, replace(SPOKEN, text="a\ud800b"))
    await trail.flush()
    assert (await rows(trail))[0].texts == {"text": "a?b"}
    assert await verify(voices.database, GUILD) == []


async def old(store: Store, guild_id: int, days: int, count: int = 1) -> None:
    at = datetime.now(UTC) - timedelta(days=days)
    await store.append(guild_id, [NewRow("exported", 5, at=at)] * count)


async def test_rows_go_when_they_are_as_old_as_the_server_says(
    trail: AuditTrail, store: Store, voices: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.audit.trail._PAUSE_SECONDS", 0)
    for guild in (GUILD, OTHER, 0):
        await old(store, guild, 400, 600)
        await old(store, guild, 20)
        await old(store, guild, 1)
    await SettingValues.beside(voices).set_for_guild(OTHER, "audit_days", 7, changed_by=None)
    assert await trail.prune() == 600 + 601 + 600
    assert [len(await rows(trail, guild)) for guild in (GUILD, OTHER, 0)] == [2, 2, 2]
    assert [await verify(voices.database, guild) for guild in (GUILD, OTHER, 0)] == [[], [], []]


async def test_rows_of_another_processs_servers_stay_for_that_process(
    trail: AuditTrail, store: Store, voices: VoiceStore
) -> None:
    for guild in (GUILD, OTHER):
        await old(store, guild, 400)
    settings = SettingsService(SettingValues.beside(voices))
    mine = AuditTrail(store, trail.reader, settings, covers=lambda guild_id: guild_id == GUILD)
    assert await mine.prune() == 1
    assert [len(await rows(trail, guild)) for guild in (GUILD, OTHER)] == [0, 1]


async def test_old_rows_go_every_hour(
    trail: AuditTrail, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.audit.trail.PRUNE_SECONDS", 0.01)
    await old(store, GUILD, 400)
    async with trail.running():
        while await rows(trail):
            await asyncio.sleep(0.01)


async def test_all_about_a_member_is_told(trail: AuditTrail) -> None:
    await trail.record(GUILD, SPOKEN)
    await trail.record(GUILD, Blocked(by=1_000, member_id=9))
    assert [row.kind async for row in trail.rows_about(GUILD, 8)] == ["spoken"]
    assert [row.kind async for row in trail.rows_about(GUILD, 9)] == ["blocked"]
