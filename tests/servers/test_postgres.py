"""The database in a PostgreSQL server."""

from __future__ import annotations

import pytest

from storage.connections import Execute
from storage.errors import ConstraintError
from storage.postgres.database import PostgresDatabase


async def test_a_new_database_gets_the_schema_once(postgres_url: str) -> None:
    for _ in range(2):
        async with PostgresDatabase.open(postgres_url) as database:
            assert [tuple(row) for row in await database.read("SELECT * FROM erasures")] == [
                (1, 0, 0)
            ]


async def test_a_committed_row_is_read(postgres_url: str) -> None:
    async def work(execute: Execute) -> None:
        await execute("INSERT INTO unneeded_clips VALUES (?)", ("a" * 64,))

    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(work)
        rows = await database.read("SELECT * FROM unneeded_clips")
        assert [row["clip_sha256"] for row in rows] == ["a" * 64]


async def test_a_row_that_is_there_is_refused(postgres_url: str) -> None:
    async def work(execute: Execute) -> None:
        await execute("INSERT INTO unneeded_clips VALUES (?)", ("a" * 64,))

    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(work)
        with pytest.raises(ConstraintError) as caught:
            await database.write(work)
        assert caught.value.unique
