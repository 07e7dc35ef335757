"""The database in PostgreSQL: reading, and writing in transactions."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from storage.bulk_load import BulkLoad
from storage.connections import Execute, Parameters, Row
from storage.postgres import dialect, scrubbing
from storage.postgres.address import shown
from storage.postgres.bulk_load import PostgresBulkLoad
from storage.postgres.failures import FAILURES, LOST, translated
from storage.postgres.pool import ACQUIRE_SECONDS, Pool, open_pool
from storage.postgres.schema import migrate
from storage.postgres.transactions import begin, hold_lock, snapshot, transaction
from storage.trouble import Troubles
from storage.turns import Turns

T = TypeVar("T")


class PostgresDatabase:
    """One PostgreSQL database, shared by coroutines, processes and machines.

    Reads take any connection of a pool, and are tried once more where theirs was lost. Writes go
    one at a time, whichever process they are of: each holds an advisory lock of the database. A
    connection that was lost is made anew when it is needed.
    """

    bulk_load: BulkLoad = PostgresBulkLoad()

    def __init__(self, pool: Pool, place: str) -> None:
        self._pool, self.place = pool, place
        self._turns = Turns()
        self.troubles = Troubles(FAILURES)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, recordings: int = 0) -> AsyncIterator[PostgresDatabase]:
        """Open the database, bringing its schema up to date, and close it in the end.

        url: postgresql://user:password@host:port/name. recordings: how many there are, which would
        be swept if the database were new.

        Raises StorageError, with what to do, if it cannot be used.
        """
        async with open_pool(url) as pool:
            database = cls(pool, shown(url))
            with translated(database.place):
                await database._prepare(recordings)
            try:
                yield database
            finally:
                await database._turns.close()  # a transaction in flight ends first

    async def _prepare(self, recordings: int) -> None:
        async with (
            self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
            hold_lock(connection),
        ):
            await migrate(connection, self.place, recordings=recordings)

    async def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """See `Database.read`. Raises StorageError."""
        statement, values = dialect.translated(sql, tuple(parameters))
        with self.troubles.noting("read"), translated(self.place):
            try:
                return await self._fetch(statement, values)
            except LOST:  # such as by a restart of the server, which is noticed only now
                return await self._fetch(statement, values)

    async def _fetch(self, statement: str, values: dialect.Values) -> list[Row]:
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            try:
                return list(await connection.fetch(statement, *values))
            except LOST:
                connection.terminate()  # in whatever state it is, nobody else is to get it
                raise

    async def write(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """See `Database.write`. Raises what `work` raised; StorageError."""
        return await self._turns.take(lambda: self._transact(work))

    async def write_urgently(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Do as `write`: on the server's disk no room can be put aside from here."""
        return await self.write(work)

    async def keep_reserve(self) -> None:
        """Do nothing; see `write_urgently`."""

    async def _transact(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        with self.troubles.noting("write"), translated(self.place):
            async with contextlib.AsyncExitStack() as stack:
                try:
                    connection = await stack.enter_async_context(begin(self._pool))
                except LOST:  # nothing was done yet
                    connection = await stack.enter_async_context(begin(self._pool))
                async with transaction(connection) as execute:
                    return await work(execute)

    async def version(self) -> int:
        """See `Database.version`. Raises StorageError."""
        [row] = await self.read("SELECT commits FROM mynah_database")
        return int(row[0])

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Execute]:
        """See `Database.snapshot`. Raises StorageError."""
        with translated(self.place):
            async with (
                self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
                snapshot(connection) as execute,
            ):
                yield execute

    async def scrub(self) -> None:
        """See `storage.postgres.scrubbing`. Raises StorageError."""
        with translated(self.place):
            async with (
                self._turns.alone(),
                self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection,
            ):
                await scrubbing.rewrite(connection, self.place)
