import asyncio
import contextlib
import sqlite3
import stat
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from storage.connections import Execute
from storage.errors import StorageError
from storage.schema import Migration, load_migrations
from storage.sqlite_database import SqliteDatabase

FIRST = Migration(1, "0001_first.sql", "CREATE TABLE first (x INTEGER) STRICT;")
SECOND = Migration(
    2,
    "0002_second.sql",
    """
    -- A trigger has semicolons inside; so has this text: ';'
    CREATE TABLE second (x TEXT DEFAULT ';');
    CREATE TRIGGER copied AFTER INSERT ON first BEGIN
        INSERT INTO second VALUES (new.x);
        UPDATE second SET x = x || ';';
    END;
    INSERT INTO first VALUES (7)
    """,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


def schema(path: Path) -> tuple[int, set[str]]:
    """The version and what there is."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    return version, names


async def test_connection_is_configured(path: Path) -> None:
    async def pragmas(execute: Execute) -> list[object]:
        names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        return [(await execute(f"PRAGMA {name}"))[0][0] for name in names]

    async with SqliteDatabase.open(path) as database:
        # Inside a transaction, so on the connection that writes.
        assert await database.write(pragmas) == ["wal", 1, 2, 5000]


async def test_files_are_for_this_user_only(path: Path) -> None:
    async with SqliteDatabase.open(path, [FIRST]):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["test.db", "test.db-wal", "test.db-shm"], 0o600)


async def test_reading_connection_cannot_write(path: Path) -> None:
    async with SqliteDatabase.open(path, [FIRST]) as database:
        with pytest.raises(StorageError):
            await database.read("INSERT INTO first VALUES (1)")


def test_migrations_of_the_program_are_numbered_and_packaged() -> None:
    names = [step.name for step in load_migrations()]
    assert names == sorted(
        f.name for f in files("storage.migrations").iterdir() if ".sql" in f.name
    )
    assert names[0] == "0001_voices.sql"


async def test_migrations_are_applied_in_order_and_once(path: Path) -> None:
    async with SqliteDatabase.open(path, [FIRST]):
        assert schema(path) == (1, {"first"})
    for _ in range(2):
        async with SqliteDatabase.open(path, [FIRST, SECOND]) as database:
            assert schema(path) == (2, {"first", "second", "copied"})
            assert [row["x"] for row in await database.read("SELECT x FROM second")] == ["7;"]


@pytest.mark.parametrize(
    "bad",
    [
        "CREATE TABLE second (x); INSERT INTO first VALUES (1); CREATE TABEL third (x);",
        "CREATE TABLE second (x); INSERT INTO first VALUES ('no integer');",
        "CREATE TABLE second (x); DROP TABLE first; SELECT * FROM first;",
        "CREATE TABLE second (x); CREATE TABLE unfinished (",
    ],
    ids=["syntax", "constraint", "after a drop", "unfinished"],
)
async def test_failing_migration_leaves_nothing_behind(path: Path, bad: str) -> None:
    async with SqliteDatabase.open(path, [FIRST]):
        pass
    with pytest.raises(StorageError, match=r"0002_bad\.sql.*Nothing of this step was kept"):
        async with SqliteDatabase.open(path, [FIRST, Migration(2, "0002_bad.sql", bad)]):
            pass
    assert schema(path) == (1, {"first"})
    async with SqliteDatabase.open(path, [FIRST, SECOND]) as database:
        assert len(await database.read("SELECT x FROM first")) == 1


async def test_steps_before_a_failing_one_are_kept(path: Path) -> None:
    with pytest.raises(StorageError):
        async with SqliteDatabase.open(path, [FIRST, Migration(2, "0002_bad.sql", "NONSENSE;")]):
            pass
    assert schema(path) == (1, {"first"})


async def test_newer_database_is_refused_and_left_alone(path: Path) -> None:
    async with SqliteDatabase.open(path, [FIRST, SECOND]):
        pass
    with pytest.raises(StorageError, match=r"newer Mynah.*schema 2.*knows 1.*Update Mynah"):
        async with SqliteDatabase.open(path, [FIRST]):
            pass
    assert schema(path)[0] == 2


def test_processes_that_open_at_once_migrate_once(path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from storage.sqlite_database import SqliteDatabase
from storage.schema import Migration
steps = [Migration(n, f"{n:04}.sql", f"CREATE TABLE t{n} (x); INSERT INTO t{n} VALUES (1);")
         for n in range(1, 30)]
async def main():
    sys.stdin.readline()
    async with SqliteDatabase.open(Path(sys.argv[1]), steps) as database:
        rows = await database.read("SELECT count(*) FROM t29")
        print(rows[0][0])
print("ready", flush=True)
asyncio.run(main())
"""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.communicate(timeout=60)[0] for child in children] == ["1\n"] * 4
    assert [child.returncode for child in children] == [0] * 4
    assert schema(path)[0] == 29


async def test_file_that_is_no_database_is_refused_with_advice(path: Path) -> None:
    content = b"This is a letter, not a database. " * 100
    path.write_bytes(content)
    with pytest.raises(StorageError, match=f"{path}.*not a database.*mynah doctor"):
        async with SqliteDatabase.open(path):
            pass
    assert path.read_bytes() == content


async def test_damaged_database_is_reported_with_advice(path: Path) -> None:
    async with SqliteDatabase.open(path):
        pass
    damaged = bytearray(path.read_bytes())
    damaged[100:] = b"\xff" * (len(damaged) - 100)
    path.write_bytes(damaged)
    with pytest.raises(StorageError, match="restore a backup"):
        async with SqliteDatabase.open(path) as database:
            await database.read("SELECT * FROM voices")


async def test_directory_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StorageError, match="unable to open"):
        async with SqliteDatabase.open(path):
            pass


async def test_read_only_database_is_refused_with_advice(
    tmp_path: Path, path: Path, request: pytest.FixtureRequest
) -> None:
    async with SqliteDatabase.open(path, [FIRST]):
        pass
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    for parent in list(tmp_path.parents)[:2]:  # pytest's own, closed to others
        parent.chmod(0o755)
    request.getfixturevalue("ordinary_user")
    with pytest.raises(StorageError, match="user may write"):
        async with SqliteDatabase.open(path, [FIRST, SECOND]):
            pass


async def test_failed_transaction_is_rolled_back(path: Path) -> None:
    async def fail(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (1)")
        raise LookupError

    async with SqliteDatabase.open(path, [FIRST]) as database:
        with pytest.raises(LookupError):
            await database.write(fail)
        assert await database.read("SELECT * FROM first") == []


async def test_transactions_of_two_tasks_do_not_mix(path: Path) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (1)")
        entered.set()
        await leave.wait()
        raise LookupError

    async def quick(execute: Execute) -> None:
        assert await execute("SELECT * FROM first") == []
        await execute("INSERT INTO first VALUES (2)")

    async with SqliteDatabase.open(path, [FIRST]) as database:
        first = asyncio.create_task(database.write(slow))
        await entered.wait()
        second = asyncio.create_task(database.write(quick))
        assert await database.read("SELECT * FROM first") == []  # neither waits nor sees
        leave.set()
        with pytest.raises(LookupError):
            await first
        await second
        assert [row["x"] for row in await database.read("SELECT x FROM first")] == [2]


async def test_cancelled_caller_leaves_no_transaction_open(path: Path) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (1)")
        entered.set()
        await leave.wait()
        await execute("INSERT INTO first VALUES (2)")

    async def insert(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (3)")

    async with SqliteDatabase.open(path, [FIRST]) as database:
        begun = asyncio.create_task(database.write(slow))
        await entered.wait()
        waiting = asyncio.create_task(database.write(insert))
        await asyncio.sleep(0)
        for task in (begun, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        leave.set()
        await database.write(insert)
        # What had begun ended whole, what waited never began.
        assert [row["x"] for row in await database.read("SELECT x FROM first")] == [1, 2, 3]


@pytest.mark.parametrize("steps", range(8))
async def test_cancellation_at_any_moment_leaves_no_transaction_open(
    path: Path, steps: int
) -> None:
    async def insert(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (1)")
        await execute("INSERT INTO first VALUES (1)")

    async with SqliteDatabase.open(path, [FIRST]) as database:
        task = asyncio.create_task(database.write(insert))
        for _ in range(steps):
            await asyncio.sleep(0)
        # The loop ends by cancelling every task, the transaction's own too.
        for unfinished in asyncio.all_tasks() - {asyncio.current_task()}:
            unfinished.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await database.write(insert)
        assert len(await database.read("SELECT x FROM first")) in (2, 4)
        with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")


async def test_closing_waits_for_the_transaction_in_flight(path: Path) -> None:
    entered = asyncio.Event()

    async def insert(execute: Execute) -> None:
        entered.set()
        for _ in range(5):
            await execute("INSERT INTO first VALUES (1)")

    async with SqliteDatabase.open(path, [FIRST]) as database:
        task = asyncio.create_task(database.write(insert))
        await entered.wait()
    await task
    async with SqliteDatabase.open(path, [FIRST]) as database:
        assert len(await database.read("SELECT x FROM first")) == 5


async def test_lock_of_another_program_is_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def insert(execute: Execute) -> None:
        await execute("INSERT INTO first VALUES (1)")

    monkeypatch.setattr("storage.connections.BUSY_SECONDS", 0.05)
    async with SqliteDatabase.open(path, [FIRST]) as database:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match=r"locked.*Another program.*Try again"):
                await database.write(insert)
            other.execute("ROLLBACK")
        await database.write(insert)
