"""What is done to the trail behind the program's back is found, and nothing else."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.audit import AuditStore
from storage.audit_check import MOST_FAULTS, audited_guilds, sealed_since, verify
from storage.audit_events import Blocked, Event, Renamed, Spoken
from storage.audit_rows import COLUMNS, row_hash
from storage.database import Database
from storage.sealing import NO_KEYS, KeyRing

GUILD = 4321
ROWS = 7
EVENTS: tuple[Event, ...] = (
    Renamed(by=1, voice_id=3, owner_id=2, voice="New", former_name="Old"),
    Spoken(by=4, voice_id=3, owner_id=2, milliseconds=20, packets_sha256="a" * 64, way="say",
           text="Hi"),
    Blocked(by=2, member_id=5),
)  # fmt: skip
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"

Tamper = Callable[[sqlite3.Connection], object]


async def fill(path: Path, rows: int = ROWS) -> None:
    async with Database.open(path) as database:
        events = [EVENTS[number % len(EVENTS)].row() for number in range(rows)]
        await AuditStore(database).append(GUILD, events)


async def faults(path: Path) -> list[str]:
    async with Database.open(path) as database:
        return [fault.what for fault in await verify(database, GUILD)]


def tamper(path: Path, act: Tamper) -> None:
    """Do as somebody who can write the file, and takes the triggers out of the way."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute(TRIGGERS).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        act(connection)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows, to be copied: the schema takes longer than all else."""
    path = tmp_path_factory.mktemp("empty") / "mynah.db"
    asyncio.run(fill(path, 0))
    return path


@pytest.fixture
async def path(tmp_path: Path, empty: Path) -> Path:
    path = tmp_path / "mynah.db"
    shutil.copy(empty, path)
    await fill(path)
    return path


def sql(*statements: str) -> Tamper:
    def act(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return act


def with_its_hash_made_anew(connection: sqlite3.Connection, change: str, number: int = 4) -> None:
    """Change a row, and give it a hash that is right for what it says now."""
    connection.execute(f"UPDATE audit SET {change} WHERE number = {number}")
    columns = ", ".join(COLUMNS)
    rows = connection.execute(f"SELECT {columns}, hash FROM audit ORDER BY number").fetchall()
    sha256 = row_hash(rows[number - 2][-1], rows[number - 1][:-1])
    connection.execute("UPDATE audit SET hash = ? WHERE number = ?", (sha256, number))


COPY = "INSERT INTO audit SELECT guild_id, {}, at, kind, actor, subject, voice_id, milliseconds, "
COPY += "packets_sha256, data, hash FROM audit WHERE number = {}"
ALL = "GLOB '*'"
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
    tamper(path, act)
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
    tamper(path, lambda c: c.execute(f"UPDATE audit SET {column} = ? WHERE number = 5", (value,)))
    assert await faults(path)


@pytest.mark.parametrize("column", ["actor", "subject", "voice_id", "milliseconds"])
async def test_a_column_that_is_emptied_is_found(path: Path, column: str) -> None:
    tamper(path, sql(f"UPDATE audit SET {column} = NULL WHERE number = 5"))
    assert await faults(path)


async def test_of_many_faults_only_the_first_are_told(tmp_path: Path) -> None:
    await fill(tmp_path / "mynah.db", MOST_FAULTS + 20)
    tamper(tmp_path / "mynah.db", sql("UPDATE audit SET kind = 'x'"))
    told = await faults(tmp_path / "mynah.db")
    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == "there are more faults than these"


async def test_what_the_program_does_is_no_fault(path: Path) -> None:
    async with Database.open(path) as database:
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
    tamper(path, sql("DELETE FROM audit_texts WHERE number = 2"))
    assert await faults(path) == []


async def test_guilds_of_which_only_traces_are_left_are_looked_at(path: Path) -> None:
    tamper(path, sql("DELETE FROM audit", "DELETE FROM audit_chains", "DELETE FROM audit_texts"))
    async with Database.open(path) as database:
        assert await audited_guilds(database) == [GUILD]


KEYS, OTHER_KEYS = KeyRing([b"k" * 32]), KeyRing([b"x" * 32])


@pytest.fixture
async def sealed(path: Path) -> Path:
    """A trail whose last row nobody has sealed yet: it came with a change of a voice."""
    async with Database.open(path) as database:
        await AuditStore(database, KEYS).append(GUILD, [EVENTS[1].row()])
        await AuditStore(database).append(GUILD, [EVENTS[2].row()])
    return path


async def keyed_faults(path: Path, keys: KeyRing = KEYS) -> list[str]:
    async with Database.open(path) as database:
        return [fault.what for fault in await verify(database, GUILD, keys)]


def write_all_anew(connection: sqlite3.Connection, change: str) -> None:
    """Do as somebody who knows the format, and computes every hash anew."""
    connection.execute(change)
    columns = ", ".join(COLUMNS)
    before = connection.execute("SELECT before FROM audit_chains").fetchone()[0]
    rows = connection.execute(f"SELECT {columns} FROM audit ORDER BY number").fetchall()
    for row in rows:
        before = row_hash(before, row)
        connection.execute("UPDATE audit SET hash = ? WHERE number = ?", (before, row[1]))
    connection.execute("UPDATE audit_chains SET last = ?, hash = ?", (rows[-1][1], before))
    connection.execute("UPDATE audit_members SET newest = ?", (rows[-1][1],))


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
        sql("UPDATE audit_chains SET seal = CAST('[1, \"a\", 2, \"b\"]' AS BLOB)"),
        "the seal was made without the key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ANEW)
async def test_where_there_is_a_key_even_a_whole_chain_written_anew_is_found(
    sealed: Path, kind: str
) -> None:
    act, told = ANEW[kind]
    assert await keyed_faults(sealed) == []
    tamper(sealed, act)
    assert told in "\n".join(await keyed_faults(sealed))


async def test_without_the_key_the_seal_says_nothing(sealed: Path) -> None:
    assert await keyed_faults(sealed, NO_KEYS) == []
    assert await keyed_faults(sealed, OTHER_KEYS) == []
    async with Database.open(sealed) as database:
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 1}
        assert await sealed_since(database, OTHER_KEYS) == {}


async def test_pruning_and_other_keys_keep_the_seal_right(sealed: Path) -> None:
    both = KeyRing([b"x" * 32, b"k" * 32])
    async with Database.open(sealed) as database:
        await AuditStore(database, KEYS).prune(GUILD, datetime.now(UTC) + timedelta(days=1), 4)
        assert await verify(database, GUILD, KEYS) == []
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 1}
        await AuditStore(database, both).seal_all()
        assert await sealed_since(database, OTHER_KEYS) == {GUILD: ROWS + 1}
        await AuditStore(database).prune(GUILD, datetime.now(UTC) + timedelta(days=1), 1)
        assert await verify(database, GUILD, OTHER_KEYS) == []
        assert await sealed_since(database, OTHER_KEYS) == {}


async def test_a_seal_that_was_taken_away_shows_by_a_later_beginning(sealed: Path) -> None:
    tamper(sealed, sql("UPDATE audit_chains SET seal = NULL"))
    async with Database.open(sealed) as database:
        await AuditStore(database, KEYS).append(GUILD, [EVENTS[0].row()])
        assert await sealed_since(database, KEYS) == {GUILD: ROWS + 3}


@pytest.mark.parametrize("kind", ANEW)
async def test_what_was_written_anew_is_sealed_by_nothing_that_follows(
    sealed: Path, kind: str
) -> None:
    tamper(sealed, ANEW[kind][0])
    async with Database.open(sealed) as database:
        store = AuditStore(database, KEYS)
        await store.seal_all()
        await store.append(GUILD, [EVENTS[0].row()] * 3)
        await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), 1)
        assert await verify(database, GUILD, KEYS) != []


APPEND = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from storage.audit import AuditStore
from storage.audit_events import Blocked
from storage.database import Database

async def main():
    async with Database.open(Path(sys.argv[1])) as database:
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
    async with Database.open(path) as database:
        while process.returncode is None:
            assert await verify(database, GUILD) == []
            verified += 1
        assert verified > 3
        assert await process.wait() == 0


async def changed(path: Path, rows: int, steps: list[tuple[str, int]]) -> None:
    """Fill a trail with rows, and do what the program may do to it."""
    await fill(path, rows)
    async with Database.open(path) as database:
        store = AuditStore(database)
        for step, number in steps:
            if step == "forget":
                await store.forget_member(GUILD, number)
            elif step == "prune":
                await store.prune(GUILD, datetime.now(UTC) + timedelta(days=1), limit=number)
            else:
                await store.append(GUILD, [EVENTS[number % len(EVENTS)].row()])


STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "forget", "prune"]), st.integers(1, 5)), max_size=6
)
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EXAMPLES
@given(rows=st.integers(1, 12), steps=STEPS, data=st.data())
async def test_any_tampering_with_any_trail_is_found(
    tmp_path: Path, empty: Path, rows: int, steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    path = Path(tempfile.mkdtemp(dir=tmp_path)) / "mynah.db"
    shutil.copy(empty, path)
    await changed(path, rows, [*steps, ("append", 1), ("append", 2), ("append", 3)])
    assert await faults(path) == []
    with closing(sqlite3.connect(path)) as connection:
        numbers = [row[0] for row in connection.execute("SELECT number FROM audit ORDER BY 1")]
    tamper(path, data.draw(_tamperings(numbers), label="tampering"))
    assert await faults(path)


def _tamperings(numbers: list[int]) -> st.SearchStrategy[Tamper]:
    number = st.sampled_from(numbers)
    pair = st.lists(number, min_size=2, max_size=2, unique=True)
    column = st.sampled_from(["kind", "actor", "subject", "data", "hash"])
    return st.one_of(
        st.sets(number, min_size=1).map(_removal),
        st.tuples(column, number).map(lambda at: _change(*at)),
        pair.map(lambda both: _exchange(*both)),
        number.map(lambda n: sql(COPY.format(numbers[-1] + 1, n))),
    )


def _removal(numbers: set[int]) -> Tamper:
    return sql(f"DELETE FROM audit WHERE number IN ({', '.join(map(str, numbers))})")


def _change(column: str, number: int) -> Tamper:
    value = {"data": "'{\"x\":1}'", "hash": f"'{'e' * 64}'"}.get(column, "'other'")
    return sql(f"UPDATE audit SET {column} = {value} WHERE number = {number}")


def _exchange(one: int, other: int) -> Tamper:
    return sql(
        f"UPDATE audit SET number = 999999 WHERE number = {one}",
        f"UPDATE audit SET number = {one} WHERE number = {other}",
        f"UPDATE audit SET number = {other} WHERE number = 999999",
    )
