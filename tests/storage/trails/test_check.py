"""What is done to the trail behind the program's back is found, and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.audit import AuditStore
from storage.audit_check import MOST_FAULTS, audited_guilds, verify
from storage.audit_rows import COLUMNS
from storage.sqlite_database import SqliteDatabase
from tests.storage.trails.tampering import (
    COPY,
    EVENTS,
    GUILD,
    Tamper,
    faults,
    fill,
    sql,
    tamper,
    with_its_hash_made_anew,
)

TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "removed": (sql("DELETE FROM audit WHERE number = 4"), "row 4 is missing"),
    "several removed": (sql("DELETE FROM audit WHERE number IN (3, 4)"), "rows 3 to 4 are missing"),
    "first removed": (sql("DELETE FROM audit WHERE number = 1"), "row 1 is missing"),
    "last removed": (sql("DELETE FROM audit WHERE number = 7"), "row 7 is missing from the end"),
    "all removed": (sql("DELETE FROM audit"), "rows 1 to 7 are missing from the end"),
    "first changed": (sql("UPDATE audit SET kind = 'x' WHERE number = 1"), "row 1 was changed"),
    "last changed": (
        lambda c: with_its_hash_made_anew(c, "kind = 'x'", 7),
        "row 7 is not the one that was written last",
    ),
    "hash changed": (
        sql(f"UPDATE audit SET hash = '{'b' * 64}' WHERE number = 4"),
        "row 4 does not follow from row 3",
    ),
    "made anew": (
        lambda c: with_its_hash_made_anew(c, "kind = 'x'"), "row 5 does not follow from row 4",
    ),
    "added at the end": (sql(COPY.format(8, 7)), "row 8 was added after the end"),
    "replaced by another": (
        sql("DELETE FROM audit WHERE number = 4", COPY.format(4, 2)),
        "row 4 does not follow from row 3",
    ),
    "exchanged": (
        sql("UPDATE audit SET number = 99 WHERE number = 3",
            "UPDATE audit SET number = 3 WHERE number = 4",
            "UPDATE audit SET number = 4 WHERE number = 99"),
        "row 3 does not follow from row 2",
    ),
    "moved up": (
        sql("DELETE FROM audit WHERE number = 3",
            "UPDATE audit SET number = number - 1 WHERE number > 3"),
        "row 3 does not follow from row 2",
    ),
    "end forgotten": (sql("DELETE FROM audit_chains"), "begins and ends is not known any more"),
    "end moved back": (sql("UPDATE audit_chains SET last = 5"), "row 6 was added after the end"),
    "end's hash changed": (
        sql(f"UPDATE audit_chains SET hash = '{'b' * 64}'"), "is not the one that was written last",
    ),
    "beginning moved": (
        sql("UPDATE audit_chains SET first = 3"), "row 1 was added before the beginning",
    ),
    "trail gone but for members": (
        sql("DELETE FROM audit", "DELETE FROM audit_chains", "DELETE FROM audit_texts"),
        "but is not in the trail",
    ),
    "text changed": (
        sql("UPDATE audit_texts SET text = 'Bye' WHERE part = 'text' AND number = 2"),
        "the text “text” of row 2 was changed or added",
    ),
    "text added": (
        sql(f"INSERT INTO audit_texts VALUES ({GUILD}, 3, 'text', '{'0' * 32}', 'No')"),
        "the text “text” of row 3 was changed or added",
    ),
    "text moved": (
        sql(f"INSERT INTO audit_texts VALUES ({GUILD}, 99, 'text', '{'0' * 32}', 'No')"),
        "row 99 has a text, but is missing itself",
    ),
    "somebody else's": (
        sql("UPDATE audit_members SET user_id = 6 WHERE user_id = 4"),
        "was made to stand for another member",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAMPERINGS)
async def test_tampering_is_found_and_told(path: Path, kind: str) -> None:
    act, told = TAMPERINGS[kind]
    assert await faults(path) == []
    await tamper(path, act)
    assert told in "\n".join(await faults(path))
    await fill(path, 2)  # what was tampered with keeps nothing from being written
    # Of the end alone it is known where it was, because every row is as it was written.
    assert await faults(path) or kind == "end moved back"


@pytest.mark.parametrize("column", [*COLUMNS, "hash"])
async def test_a_change_of_any_column_is_found(path: Path, column: str) -> None:
    values = {
        "guild_id": 5, "number": 50, "at": "2020-01-01T00:00:00+00:00", "voice_id": 9,
        "milliseconds": 21, "packets_sha256": "c" * 64, "data": "{}", "hash": "d" * 64,
    }  # fmt: skip
    value = values.get(column, "other")
    change = f"UPDATE audit SET {column} = ? WHERE number = 5"
    await tamper(path, lambda execute: execute(change, (value,)))
    assert await faults(path)


@pytest.mark.parametrize("column", ["actor", "subject", "voice_id", "milliseconds"])
async def test_a_column_that_is_emptied_is_found(path: Path, column: str) -> None:
    await tamper(path, sql(f"UPDATE audit SET {column} = NULL WHERE number = 5"))
    assert await faults(path)


async def test_of_many_faults_only_the_first_are_told(tmp_path: Path) -> None:
    await fill(tmp_path / "mynah.db", MOST_FAULTS + 20)
    await tamper(tmp_path / "mynah.db", sql("UPDATE audit SET kind = 'x'"))
    told = await faults(tmp_path / "mynah.db")
    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == "there are more faults than these"


async def test_what_the_program_does_is_no_fault(path: Path) -> None:
    async with SqliteDatabase.open(path) as database:
        store = AuditStore(database)
        await store.forget_member(GUILD, 2)
        assert await verify(database, GUILD) == []
        while await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), limit=2):
            assert await verify(database, GUILD) == []
        await store.append(GUILD, [EVENTS[0].row()])
        assert await verify(database, GUILD) == []
        await store.delete_guild(GUILD)
        assert await verify(database, GUILD) == []
        assert await audited_guilds(database) == []


async def test_a_text_that_was_removed_is_no_fault(path: Path) -> None:
    await tamper(path, sql("DELETE FROM audit_texts WHERE number = 2"))
    assert await faults(path) == []


async def test_guilds_of_which_only_traces_are_left_are_looked_at(path: Path) -> None:
    await tamper(
        path, sql("DELETE FROM audit", "DELETE FROM audit_chains", "DELETE FROM audit_texts")
    )
    async with SqliteDatabase.open(path) as database:
        assert await audited_guilds(database) == [GUILD]


APPEND = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from storage.audit import AuditStore
from storage.audit_events import Blocked
from storage.sqlite_database import SqliteDatabase

async def main():
    async with SqliteDatabase.open(Path(sys.argv[1])) as database:
        store = AuditStore(database)
        print("ready", flush=True)
        for number in range(150):
            await store.append(4321, [Blocked(by=number % 7 + 1, member_id=5).row()])
            if number % 5 == 4:
                await store.forget_member(4321, number % 7 + 1)
                await store.prune(4321, datetime.now(UTC) + timedelta(days=1), limit=3)

asyncio.run(main())
"""


async def test_another_process_that_writes_meanwhile_is_no_fault(path: Path) -> None:
    """It appends, forgets and prunes while the trail is verified again and again."""
    command = [sys.executable, "-c", APPEND, str(path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    verified = 0
    async with SqliteDatabase.open(path) as database:
        while process.returncode is None:
            assert await verify(database, GUILD) == []
            verified += 1
        assert verified > 3
        assert await process.wait() == 0
