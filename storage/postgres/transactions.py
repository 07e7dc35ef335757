"""Transactions in PostgreSQL: one writes at a time, as in SQLite, whichever process it is of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from storage.connections import Execute, Parameters, Row
from storage.errors import StorageError
from storage.postgres import dialect
from storage.postgres.failures import refused
from storage.postgres.pool import ACQUIRE_SECONDS, Pool

WRITE_LOCK = int.from_bytes(b"mynah.db", "big")
"""The advisory lock of whoever writes. Such a lock is of one database and ends with its session."""

# READ COMMITTED, so that what is read under the lock is what the one before committed.
_LOCK = f"""
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SELECT pg_advisory_xact_lock({WRITE_LOCK})
"""
_LOCK_AND_COUNT = f"{_LOCK};\nUPDATE mynah_database SET commits = commits + 1"

_ROLL_BACK_SECONDS = 5.0


@asynccontextmanager
async def hold_lock(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the write lock in a transaction that is committed in the end, or rolled back."""
    await connection.execute(_LOCK)
    async with _ended(connection):
        yield


@asynccontextmanager
async def begin(pool: Pool) -> AsyncIterator[asyncpg.Connection]:
    """Take a connection that has begun to write: it has the lock, and was counted as a commit.

    Raises asyncpg's errors.
    """
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        try:
            await connection.execute(_LOCK_AND_COUNT)
        except BaseException:
            await _roll_back(connection)
            raise
        yield connection


@asynccontextmanager
async def transaction(connection: asyncpg.Connection) -> AsyncIterator[Execute]:
    """Run what was begun; what is raised rolls it back. Raises ConstraintError."""
    statements = _Statements(connection)
    async with _ended(connection):
        yield statements
        if statements.failed:  # the server has rolled it back
            raise StorageError("A transaction went on after a statement failed. Please report it.")


@asynccontextmanager
async def snapshot(connection: asyncpg.Connection) -> AsyncIterator[Execute]:
    """Read one state of the database until the block ends. Raises asyncpg's errors."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        yield _Statements(connection)


class _Statements:
    """Runs statements in the transaction that is open on a connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.failed = False

    async def __call__(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        statement, values = dialect.translated(sql, tuple(parameters))
        try:
            return list(await self._connection.fetch(statement, *values))
        except asyncpg.IntegrityConstraintViolationError as error:
            self.failed = True
            raise refused(error) from error
        except asyncpg.PostgresError:
            self.failed = True
            raise


@asynccontextmanager
async def _ended(connection: asyncpg.Connection) -> AsyncIterator[None]:
    try:
        yield
        await connection.execute("COMMIT")
    except BaseException:
        await _roll_back(connection)
        raise


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Undo what is open; where that fails, give the connection up, with which the server does."""
    try:
        async with asyncio.timeout(_ROLL_BACK_SECONDS):
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
    except Exception:  # what went wrong before tells more
        connection.terminate()
    except BaseException:
        connection.terminate()
        raise
