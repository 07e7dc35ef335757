"""Databases of every version of the schema so far, opened by this program; and of a later one."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from storage.audit_check import audited_guilds, verify
from storage.clips import clip_path, load_clip
from storage.erasure import Eraser
from storage.errors import StorageError
from storage.layout import DATABASE_NAME
from storage.schema import load_migrations
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.sqlite_database import SqliteDatabase
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD
from tests.storage.databases import CLIPS, stored_versions, unpack

ANN, BEN = 111_000_000_000_000_001, 111_000_000_000_000_002
NEWEST = len(load_migrations())
Row = dict[str, Any]


def rows_of(path: Path) -> dict[str, list[Row]]:
    """Return all rows by table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
            for [name] in tables.fetchall()
        }


def schema_of(path: Path) -> set[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        # SQLite writes a table that was renamed with its name in quotes.
        return {(name, re.sub(r'[\s"]+', " ", sql).strip()) for name, sql in rows}


def test_there_is_a_database_of_every_version() -> None:
    stored = stored_versions()
    assert stored == list(range(1, NEWEST + 1)), "run: python -m tests.storage.databases"


@pytest.mark.parametrize("version", stored_versions())
async def test_all_rows_of_a_version_are_as_they_were(version: int, tmp_path: Path) -> None:
    unpack(version, tmp_path)
    before = rows_of(tmp_path / DATABASE_NAME)
    async with SqliteDatabase.open(tmp_path / DATABASE_NAME) as database:
        assert [r[0] for r in await database.read("PRAGMA integrity_check")] == ["ok"]
        assert await database.read("PRAGMA foreign_key_check") == []
        assert [r[0] for r in await database.read("PRAGMA user_version")] == [NEWEST]
    after = rows_of(tmp_path / DATABASE_NAME)
    for table, rows in before.items():
        assert rows
        kept = [{name: row[name] for name in rows[0]} for row in after[table]]
        assert kept == rows, table
    async with SqliteDatabase.open(tmp_path / "new.db"):
        assert schema_of(tmp_path / DATABASE_NAME) == schema_of(tmp_path / "new.db")


@pytest.mark.parametrize("version", stored_versions())
async def test_what_members_had_works_as_it_did(version: int, tmp_path: Path) -> None:
    unpack(version, tmp_path)
    async with VoiceStore.open(tmp_path) as store:
        report = await store.check(verify=True)
        assert (report.damaged, report.damaged_evidence) == ((), ())
        assert await audited_guilds(store.database) == ([] if version < 13 else [GUILD])
        assert await verify(store.database, GUILD) == []
        ann, operator, ben = [await store.get(voice_id) for voice_id in (1, 2, 5)]
        for voice in (ann, operator, ben):
            stored = load_clip(clip_path(CLIPS, voice.clip_sha256), voice.clip_sha256)
            assert (await store.load_clip(voice)).samples.tobytes() == stored.samples.tobytes()
        assert await store.find(GUILD, "ann lee") == ann
        assert await store.search(GUILD, "lee") == [ann]
        before_levels = version < 11
        assert ann.level == ("declared" if before_levels else "spoken")
        assert (operator.level, ben.level) == ("operator", "declared")
        assert (ann.reach, ann.paused) == (
            ("everybody", False) if version < 12 else ("named", True)
        )
        await prove_settings(store, version)
        await prove_former(store, version)
        assert (await Eraser.beside(store).erase_member(ANN)).voices == 1
        for guild in await audited_guilds(store.database):
            assert await verify(store.database, guild) == []


async def prove_settings(store: VoiceStore, version: int) -> None:
    values = SettingValues.beside(store)
    if version >= 2:
        member_default = await SettingsStore.beside(store).member_default(GUILD, BEN)
        assert member_default is not None
        assert member_default.id == 1
    if version >= 7:
        assert [change.id for change in await values.changes_after(0)] == [7, 8]
        assert (await values.of_guild(GUILD))["locale"] == "de"
    await values.set_for_guild(OTHER_GUILD, "locale", "fr", changed_by=None)
    changes = [change.id for change in await values.changes_after(0)]
    assert changes == ([7, 8, 9] if version >= 7 else [1])


async def prove_former(store: VoiceStore, version: int) -> None:
    """The recording from before can be brought back, where that version kept it."""
    if version < 5:
        return
    restored = await store.restore(1, by=ANN)
    assert restored.level == "declared"
    assert len((await store.load_clip(restored)).samples) == 480
    if version >= 11:
        [consent] = await store.consents_of(1)
        assert consent.record == {"words": ["river"]}
        assert await store.load_consent_clip(consent) is not None


async def test_a_newer_database_is_refused_with_what_to_do_and_stays_as_it_is(
    tmp_path: Path,
) -> None:
    unpack(NEWEST, tmp_path)
    path = tmp_path / DATABASE_NAME
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = contents(tmp_path)
    with pytest.raises(StorageError) as caught:
        async with VoiceStore.open(tmp_path):
            pass
    assert str(caught.value) == (
        f"The database {path} was made by a newer Mynah (schema {NEWEST + 1}, this version knows "
        f"{NEWEST}). Update Mynah, or restore a backup from before the update."
    )
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before


def contents(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }
