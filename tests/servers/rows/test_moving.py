"""All rows, moved to PostgreSQL and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage import audit_check
from storage.bulk_load import Numbers
from storage.clip_directory import DirectoryClips
from storage.connections import Execute
from storage.database import Database
from storage.errors import ConstraintError
from storage.layout import CLIPS_NAME
from storage.moving import Moved, Place, move
from storage.opening import open_database
from storage.private import make_private_directory
from storage.sealing import NO_KEYS
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add
from tests.storage.test_moving import fill, silent

UPLOAD = "INSERT INTO uploads (guild_id, user_id, at, bytes) VALUES (1, 1, ?, 0) RETURNING id"


@asynccontextmanager
async def place(directory: Path, url: str | None = None) -> AsyncIterator[Place]:
    make_private_directory(directory / CLIPS_NAME)
    async with open_database(directory, url, to_fill=True) as database:
        yield Place(database, DirectoryClips(directory / CLIPS_NAME))


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    async with VoiceStore.open(tmp_path / "from") as store:
        await fill(store)
        gone = await add(store, "Last", seed=4)
        await store.delete(gone.id)
    return tmp_path / "from"


async def there(source: Path, url: str) -> Moved:
    async with place(source) as one, place(source.parent / "there", url) as other:
        return await move(one, other, NO_KEYS, silent)


async def last_ids(database: Database) -> Numbers:
    async with database.snapshot() as read:
        return await database.bulk_load.numbers(read)


async def test_no_id_is_given_again_there_and_back(source: Path, postgres_url: str) -> None:
    await there(source, postgres_url)
    async with (
        place(source) as before,
        place(source.parent / "there", postgres_url) as between,
        place(source.parent / "back") as after,
    ):
        await move(between, after, NO_KEYS, silent)
        numbers = await last_ids(before.database)
        assert numbers["voices"] == 4
        assert await last_ids(between.database) == numbers
        assert await last_ids(after.database) == numbers


async def test_ids_go_on_after_those_that_came(source: Path, postgres_url: str) -> None:
    async def upload(execute: Execute) -> int:
        [[number]] = await execute(UPLOAD, ("2026-01-01T00:00:00+00:00",))
        return int(number)

    async with place(source) as one:
        assert await one.database.write(upload) == 1
    await there(source, postgres_url)
    async with VoiceStore.open(source.parent / "there", url=postgres_url) as store:
        assert (await add(store, "New", seed=5)).id == 5
        assert await store.database.write(upload) == 2


async def test_the_trail_is_guarded_when_it_has_come(source: Path, postgres_url: str) -> None:
    await there(source, postgres_url)
    async with place(source.parent / "there", postgres_url) as other:
        for sql in ("DELETE FROM audit", "UPDATE audit_texts SET text = 'another'"):
            with pytest.raises(ConstraintError, match="only appended to"):
                await other.database.write(lambda execute, sql=sql: execute(sql))
        assert await audit_check.verify(other.database, GUILD) == []


async def test_a_zero_below_zero_is_one_that_sqlite_has(source: Path, postgres_url: str) -> None:
    await there(source, postgres_url)
    async with (
        place(source.parent / "there", postgres_url) as between,
        place(source.parent / "back") as after,
    ):
        await between.database.write(
            lambda execute: execute("UPDATE voices SET volume_db = ?", (-0.0,))
        )
        await move(between, after, NO_KEYS, silent)
        assert [row[0] for row in await after.database.read("SELECT volume_db FROM voices")] == [
            0,
            0,
        ]


async def test_a_text_that_postgresql_cannot_keep_stops_no_move(
    source: Path, postgres_url: str
) -> None:
    async with place(source) as one:
        await one.database.write(
            lambda execute: execute(
                "INSERT INTO dictionary_entries VALUES (1, 1, 'word', 'a', '', 'b' || char(0), 1)"
            )
        )
    await there(source, postgres_url)
    async with place(source.parent / "there", postgres_url) as other:
        [[spoken]] = await other.database.read("SELECT spoken FROM dictionary_entries")
        assert spoken == "b\N{REPLACEMENT CHARACTER}"
