"""The schema in PostgreSQL is SQLite's."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from storage.postgres.database import PostgresDatabase
from storage.schema import apply_migrations, load_migrations
from storage.tables import NUMBERED, TABLES

TYPES = {
    "INTEGER": "bigint",
    "REAL": "double precision",
    "TEXT": "text",
    "BLOB": "bytea",
}
OURS = {"mynah_database"}


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with PostgresDatabase.open(postgres_url):
        connection = await asyncpg.connect(postgres_url)
        yield connection
        await connection.close()


@contextlib.contextmanager
def in_sqlite() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        apply_migrations(connection, len(load_migrations()))
        yield connection


async def test_columns_are_the_same(server: asyncpg.Connection) -> None:
    rows = await server.fetch(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public'"
    )
    here = {
        (table, column): (kind, nullable)
        for table, column, kind, nullable in map(tuple, rows)
        if table not in OURS
    }
    with in_sqlite() as connection:
        there = {
            (table, name): (TYPES[kind], "NO" if required or is_key else "YES")
            for table in TABLES
            for _, name, kind, required, _, is_key in connection.execute(
                f"PRAGMA table_info({table})"
            )
        }
    assert here == there


async def test_keys_and_references_are_the_same(server: asyncpg.Connection) -> None:
    rows = await server.fetch(
        "SELECT conrelid::regclass::text, contype::text, confrelid::regclass::text,"
        " confdeltype::text,"
        " ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(number, place)"
        "  JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) "
        "FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0"
    )
    keys = {(row[0], tuple(row[4])) for row in rows if row[1] == "p" and row[0] not in OURS}
    references = {(row[0], row[4][0], row[2], row[3]) for row in rows if row[1] == "f"}
    with in_sqlite() as connection:
        assert keys == {(table, _key_of(connection, table)) for table in TABLES}
        assert references == {
            (table, column, parent, "c" if deletion == "CASCADE" else "a")
            for table in TABLES
            for _, _, parent, column, _, _, deletion, _ in connection.execute(
                f"PRAGMA foreign_key_list({table})"
            )
        }


def _key_of(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return tuple(row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5])


async def test_indexes_and_triggers_have_the_same_names(server: asyncpg.Connection) -> None:
    indexes = await server.fetch(
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'"
        " AND indexname !~ '_(pkey|key)$'"
    )
    triggers = await server.fetch("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal")
    with in_sqlite() as connection:
        there = {
            kind: {
                row[0]
                for row in connection.execute(
                    "SELECT name FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL", (kind,)
                )
            }
            for kind in ("index", "trigger")
        }
    assert {row[0] for row in indexes} == there["index"]
    # TRUNCATE is PostgreSQL's alone.
    assert {row[0] for row in triggers} == there["trigger"] | {"audit_is_not_emptied"}


async def test_no_column_has_statistics_which_would_keep_what_was_deleted(
    server: asyncpg.Connection,
) -> None:
    await server.execute("INSERT INTO unneeded_clips VALUES (repeat('a', 64)); ANALYZE")
    assert await server.fetch("SELECT tablename FROM pg_stats WHERE schemaname = 'public'") == []


async def test_ids_are_counted_up_in_the_same_tables(server: asyncpg.Connection) -> None:
    rows = await server.fetch(
        "SELECT table_name::text FROM information_schema.columns WHERE is_identity = 'YES'"
    )
    assert {row[0] for row in rows} == set(NUMBERED)


@pytest.mark.parametrize(
    "wrong",
    [
        "INSERT INTO unneeded_clips VALUES ('no hash')",
        "INSERT INTO departures VALUES (1, 1, 'yesterday')",
        "INSERT INTO guild_settings VALUES (1, 'key', '{broken')",
        "INSERT INTO guild_settings VALUES (0, 'key', '1')",
        "INSERT INTO uploads (guild_id, user_id, at, bytes) "
        "VALUES (1, 1, '2026-01-01T00:00:00+00:00', -1)",
        "INSERT INTO dictionary_entries VALUES (1, 0, 'other', 'a', '', 'b', 1)",
        "INSERT INTO voice_words VALUES (1, 'tail', 404)",
        "UPDATE erasures SET id = 2",
    ],
)
async def test_what_the_schema_forbids_is_refused(server: asyncpg.Connection, wrong: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await server.execute(wrong)
