"""The database in a PostgreSQL server: opening it, transactions, and what is told when it fails."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg
import pytest

from storage.connections import Execute
from storage.errors import ConstraintError, StorageError
from storage.postgres import pool
from storage.postgres.database import PostgresDatabase
from tests.servers.postgres_server import PostgresServer, free_port

HASH = "a" * 64


async def note(execute: Execute) -> None:
    await execute("INSERT INTO unneeded_clips VALUES (?)", (HASH,))


async def noted(database: PostgresDatabase) -> list[str]:
    return [row["clip_sha256"] for row in await database.read("SELECT * FROM unneeded_clips")]


async def refused(url: str, recordings: int = 0) -> str:
    with pytest.raises(StorageError) as caught:
        async with PostgresDatabase.open(url, recordings=recordings):
            pass
    return str(caught.value)


async def test_a_new_database_gets_the_schema_once(postgres_url: str) -> None:
    for _ in range(2):
        async with PostgresDatabase.open(postgres_url) as database:
            rows = await database.read("SELECT * FROM erasures")
            assert [tuple(row) for row in rows] == [(1, 0, 0)]


async def test_those_that_open_it_at_once_make_the_schema_once(postgres_url: str) -> None:
    async def opened() -> int:
        async with PostgresDatabase.open(postgres_url) as database:
            return len(await database.read("SELECT * FROM erasures"))

    assert await asyncio.gather(*(opened() for _ in range(4))) == [1] * 4


async def test_a_committed_row_is_read_by_another(postgres_url: str) -> None:
    async with (
        PostgresDatabase.open(postgres_url) as one,
        PostgresDatabase.open(postgres_url) as other,
    ):
        before = await other.version()
        await one.write(note)
        assert await noted(other) == [HASH]
        assert await other.version() != before


async def test_a_row_that_is_there_is_refused_without_its_values(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(note)
        with pytest.raises(ConstraintError) as caught:
            await database.write(note)
        assert caught.value.unique
        assert HASH not in str(caught.value)


async def test_what_is_raised_rolls_back_and_counts_as_no_commit(postgres_url: str) -> None:
    async def fail(execute: Execute) -> None:
        await note(execute)
        raise LookupError

    async with PostgresDatabase.open(postgres_url) as database:
        before = await database.version()
        with pytest.raises(LookupError):
            await database.write(fail)
        assert await noted(database) == []
        assert await database.version() == before


async def test_a_transaction_that_swallows_a_failure_keeps_nothing(postgres_url: str) -> None:
    async def swallow(execute: Execute) -> None:
        await note(execute)
        with contextlib.suppress(ConstraintError):
            await note(execute)

    async with PostgresDatabase.open(postgres_url) as database:
        with pytest.raises(StorageError, match="went on after a statement failed"):
            await database.write(swallow)
        assert await noted(database) == []


async def test_what_only_reads_cannot_write(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        with pytest.raises(StorageError):
            await database.read("INSERT INTO unneeded_clips VALUES (?)", (HASH,))


async def test_one_writes_at_a_time_and_readers_do_not_wait(postgres_url: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(execute: Execute) -> None:
        await note(execute)
        entered.set()
        await leave.wait()

    async def look(execute: Execute) -> int:
        return len(await execute("SELECT * FROM unneeded_clips"))

    async with (
        PostgresDatabase.open(postgres_url) as one,
        PostgresDatabase.open(postgres_url) as other,
    ):
        first = asyncio.create_task(one.write(slow))
        await entered.wait()
        second = asyncio.create_task(other.write(look))
        assert await noted(other) == []
        assert not second.done()
        leave.set()
        await first
        assert await second == 1


async def test_who_waits_too_long_for_the_lock_is_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pool._SESSION,
                        "lock_timeout", "50ms")  # fmt: skip
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(execute: Execute) -> None:
        entered.set()
        await leave.wait()

    async with (
        PostgresDatabase.open(postgres_url) as one,
        PostgresDatabase.open(postgres_url) as other,
    ):
        first = asyncio.create_task(one.write(slow))
        await entered.wait()
        with pytest.raises(StorageError, match=r"Another program is writing.*Try again"):
            await other.write(note)
        leave.set()
        await first
        await other.write(note)


@pytest.mark.parametrize("steps", [0, 1, 3, 6, 10])
async def test_cancellation_at_any_moment_leaves_no_lock(postgres_url: str, steps: int) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        task = asyncio.create_task(database.write(note))
        for _ in range(steps):
            await asyncio.sleep(0)
        for unfinished in asyncio.all_tasks() - {asyncio.current_task()}:
            unfinished.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(ConstraintError):
            await database.write(note)
        assert await noted(database) == [HASH]


async def test_a_snapshot_stays_what_it_was(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url) as database, database.snapshot() as execute:
        assert await execute("SELECT * FROM unneeded_clips") == []
        await database.write(note)
        assert await execute("SELECT * FROM unneeded_clips") == []


async def test_a_restarted_server_is_found_again_without_tracebacks_in_the_log(
    postgres: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        postgres.stop("fast")
        try:
            with pytest.raises(StorageError, match=r"Check that it runs.*again by myself"):
                await database.read("SELECT 1")
            trouble = database.troubles.first
        finally:
            postgres.start()
        assert trouble is not None
        await database.write(note)
        assert await noted(database) == [HASH]
        assert database.troubles.first is None
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_transaction_whose_connection_is_lost_keeps_nothing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async def lose(execute: Execute) -> None:
        await note(execute)
        [[process]] = await execute("SELECT pg_backend_pid()")
        await postgres.execute(f"SELECT pg_terminate_backend({process})")
        await execute("SELECT 1")

    async with PostgresDatabase.open(postgres_url) as database:
        with pytest.raises(StorageError, match="cannot be used"):
            await database.write(lose)
        assert await noted(database) == []
        await database.write(note)


async def test_nothing_stays_open(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(note)
    connection = await asyncpg.connect(postgres_url)
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mynah'"
    async with asyncio.timeout(10):
        while await connection.fetchval(sessions):
            await asyncio.sleep(0.01)
    await connection.close()


async def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url):
        pass
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("UPDATE mynah_database SET schema_version = 999")
    await connection.close()
    assert "newer Mynah (schema 999" in await refused(postgres_url)


async def test_an_empty_database_beside_recordings_is_refused(postgres_url: str) -> None:
    assert "holds 3 recordings, but the database" in await refused(postgres_url, recordings=3)
    async with PostgresDatabase.open(postgres_url):
        pass  # nothing was made of it


async def test_a_wrong_password_is_told_and_none_is_shown(
    postgres: PostgresServer, postgres_url: str
) -> None:
    told = await refused(postgres_url.replace(postgres.password, "hunter2"))
    assert "Check user and password in [storage] url" in told
    assert "hunter2" not in told


async def test_a_database_that_is_missing_is_told(postgres: PostgresServer) -> None:
    assert "CREATE DATABASE" in await refused(postgres.url("nobody_made_it"))


async def test_a_server_that_does_not_run_is_told() -> None:
    told = await refused(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/mynah")
    assert "Check that it runs and can be reached" in told
    assert "hunter2" not in told


async def test_options_that_asyncpg_does_not_know_are_not_quoted(postgres_url: str) -> None:
    told = await refused(f"{postgres_url}?sslmode=hunter2")
    assert "should be the address of a PostgreSQL database" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("?sslmode=verify-full", "who vouches for it.* sslrootcert="),
        ("?sslmode=verify-full&sslrootcert=/no/such", "sslrootcert .* names /no/such"),
        ("?target_session_attrs=standby", "Name the primary"),
    ],
)
async def test_what_the_options_ask_for_is_told(
    postgres_url: str, options: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nobody")
    with pytest.raises(StorageError, match=told):
        async with PostgresDatabase.open(f"{postgres_url}{options}"):
            pass


async def test_the_server_that_can_be_written_may_be_asked_for(postgres_url: str) -> None:
    async with PostgresDatabase.open(f"{postgres_url}?target_session_attrs=read-write") as database:
        await database.write(note)


async def test_another_encoding_is_refused(postgres: PostgresServer) -> None:
    await postgres.execute("DROP DATABASE IF EXISTS latin")
    await postgres.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    assert "is in LATIN1" in await refused(postgres.url("latin"))


async def test_what_was_deleted_is_in_no_file_of_the_tables(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async def forget(execute: Execute) -> None:
        await execute("DELETE FROM unneeded_clips")

    def found() -> int:
        files = (postgres.directory / "data" / "base").rglob("*")
        return sum(HASH.encode() in file.read_bytes() for file in files if file.is_file())

    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(note)
        await postgres.execute("CHECKPOINT")
        assert found()
        await database.write(forget)
        await database.scrub()
        await postgres.execute("CHECKPOINT")
        assert not found()


async def test_scrubbing_is_not_done_while_another_reads(postgres_url: str) -> None:
    async with PostgresDatabase.open(postgres_url) as database:
        await database.write(note)
        async with database.snapshot() as execute:
            await execute("SELECT * FROM erasures")
            with pytest.raises(StorageError, match="another program reads it"):
                await database.scrub()
        await database.scrub()
