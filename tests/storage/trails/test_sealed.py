"""Where there is a key, it vouches for each trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.audit import AuditStore
from storage.audit_check import sealed_since, verify
from storage.audit_rows import COLUMNS, row_hash
from storage.connections import Execute
from storage.sealing import NO_KEYS, KeyRing
from storage.sqlite_database import SqliteDatabase
from tests.storage.trails.tampering import (
    EVENTS,
    GUILD,
    ROWS,
    Tamper,
    sql,
    tamper,
)

KEYS, OTHER_KEYS = KeyRing([b"k" * 32]), KeyRing([b"x" * 32])


@pytest.fixture
async def sealed(path: Path) -> Path:
    """A trail whose last row nobody has sealed yet: it came with a change of a voice."""
    async with SqliteDatabase.open(path) as database:
        await AuditStore(database, KEYS).append(GUILD, [EVENTS[1].row()])
        await AuditStore(database).append(GUILD, [EVENTS[2].row()])
    return path


async def keyed_faults(path: Path, keys: KeyRing = KEYS) -> list[str]:
    async with SqliteDatabase.open(path) as database:
        return [fault.what for fault in await verify(database, GUILD, keys)]


async def write_all_anew(execute: Execute, change: str) -> None:
    """Do as somebody who knows the format, and computes every hash anew."""
    await execute(change)
    [[before]] = await execute("SELECT before FROM audit_chains")
    rows = await execute(f"SELECT {', '.join(COLUMNS)} FROM audit ORDER BY number")
    for row in rows:
        before = row_hash(before, tuple(row))
        await execute("UPDATE audit SET hash = ? WHERE number = ?", (before, row[1]))
    await execute("UPDATE audit_chains SET last = ?, hash = ?", (rows[-1][1], before))
    await execute("UPDATE audit_members SET newest = ?", (rows[-1][1],))


AS_IF_OLD = (
    "UPDATE audit_chains SET first = 3, before = (SELECT hash FROM audit WHERE number = 2)",
    "DELETE FROM audit WHERE number < 3",
    "DELETE FROM audit_texts WHERE number < 3",
)
CUT_SEAL = "UPDATE audit_chains SET seal = substr(seal, 1, length(seal) - 1)"
ANEW: dict[str, tuple[Tamper, str]] = {
    "changed": (
        lambda c: write_all_anew(c, "UPDATE audit SET voice_id = 9 WHERE number = 2"),
        "row 8 is not the one that the key vouches for",
    ),
    "cut off": (
        lambda c: write_all_anew(c, "DELETE FROM audit WHERE number > 6"),
        "rows 7 to 8 are missing that the key vouches for",
    ),
    "as if old": (sql(*AS_IF_OLD), "the beginning was moved without the key"),
    "seal changed": (
        sql(CUT_SEAL), "the seal was made without the key",
    ),
    "seal made up": (
        lambda execute: execute("UPDATE audit_chains SET seal = ?", (b'[1, "a", 2, "b"]',)),
        "the seal was made without the key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ANEW)
async def test_where_there_is_a_key_even_a_whole_chain_written_anew_is_found(
    sealed: Path, kind: str
) -> None:
    act, told = ANEW[kind]
    assert await keyed_faults(sealed) == []
    await tamper(sealed, act)
    assert told in "\n".join(await keyed_faults(sealed))


async def test_without_the_key_the_seal_says_nothing(sealed: Path) -> None:
    assert await keyed_faults(sealed, NO_KEYS) == []
    assert await keyed_faults(sealed, OTHER_KEYS) == []
    async with SqliteDatabase.open(sealed) as database:
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 1}
        assert await sealed_since(database, OTHER_KEYS) == {}


async def test_pruning_and_other_keys_keep_the_seal_right(sealed: Path) -> None:
    both = KeyRing([b"x" * 32, b"k" * 32])
    async with SqliteDatabase.open(sealed) as database:
        await AuditStore(database, KEYS).prune(GUILD, datetime.now(UTC) + timedelta(days=1), 4)
        assert await verify(database, GUILD, KEYS) == []
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 1}
        await AuditStore(database, both).seal_all()
        assert await sealed_since(database, OTHER_KEYS) == {GUILD: ROWS + 1}
        await AuditStore(database).prune(GUILD, datetime.now(UTC) + timedelta(days=1), 1)
        assert await verify(database, GUILD, OTHER_KEYS) == []
        assert await sealed_since(database, OTHER_KEYS) == {}


async def test_a_seal_that_was_taken_away_shows_by_a_later_beginning(sealed: Path) -> None:
    await tamper(sealed, sql("UPDATE audit_chains SET seal = NULL"))
    async with SqliteDatabase.open(sealed) as database:
        await AuditStore(database, KEYS).append(GUILD, [EVENTS[0].row()])
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 3}


@pytest.mark.parametrize("kind", ANEW)
async def test_what_was_written_anew_is_sealed_by_nothing_that_follows(
    sealed: Path, kind: str
) -> None:
    await tamper(sealed, ANEW[kind][0])
    async with SqliteDatabase.open(sealed) as database:
        store = AuditStore(database, KEYS)
        await store.seal_all()
        await store.append(GUILD, [EVENTS[0].row()] * 3)
        await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), 1)
        assert await verify(database, GUILD, KEYS) != []
