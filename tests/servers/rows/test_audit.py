"""The audit trail in PostgreSQL: only appended to, and what is done to it all the same is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from storage.audit import AuditStore
from storage.audit_check import verify
from storage.postgres.database import PostgresDatabase
from tests.storage.trails.tampering import EVENTS, GUILD, ROWS


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    async with PostgresDatabase.open(postgres_url) as opened:
        rows = [EVENTS[number % len(EVENTS)].row() for number in range(ROWS)]
        await AuditStore(opened).append(GUILD, rows)
        yield opened


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


CHANGES = [
    "UPDATE audit SET kind = 'other' WHERE number = 3",
    "DELETE FROM audit WHERE number = 3",
    "DELETE FROM audit WHERE number = 7",
    "UPDATE audit_texts SET text = 'other'",
    "INSERT INTO audit SELECT guild_id, number + 10, at, kind, actor, subject, voice_id,"
    " milliseconds, packets_sha256, data, hash FROM audit WHERE number = 1",
]


@pytest.mark.parametrize("change", [*CHANGES, "TRUNCATE audit"])
async def test_the_server_refuses_changes(
    database: PostgresDatabase, server: asyncpg.Connection, change: str
) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only appended to"):
        await server.execute(change)
    assert await verify(database, GUILD) == []


async def test_another_that_writes_meanwhile_is_no_fault(
    database: PostgresDatabase, postgres_url: str
) -> None:
    """It appends, forgets and prunes while the trail is verified again and again."""

    async def write(store: AuditStore) -> None:
        for number in range(60):
            await store.append(GUILD, [EVENTS[number % len(EVENTS)].row()])
            if number % 5 == 4:
                await store.forget_member(GUILD, number % 7 + 1)
                await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), limit=3)

    verified = 0
    async with PostgresDatabase.open(postgres_url) as other:
        writing = asyncio.create_task(write(AuditStore(other)))
        while not writing.done():
            assert await verify(database, GUILD) == []
            verified += 1
        await writing
    assert verified > 3


async def test_old_rows_can_be_taken_from_the_beginning(database: PostgresDatabase) -> None:
    store = AuditStore(database)
    assert await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), limit=3) == 3
    assert await verify(database, GUILD) == []
    assert await store.delete_guild(GUILD) == ROWS - 3
