"""The SQLite database: opening it, reading, and writing in transactions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiosqlite

from storage import scrubbing
from storage.bulk_load import BulkLoad, SqliteBulkLoad
from storage.connections import Execute, Parameters, Row, connect, transaction
from storage.errors import DiskFullError, StorageError
from storage.private import open_private
from storage.reserve import Reserve
from storage.schema import Migration, load_migrations, migrate
from storage.sqlite_errors import is_full, translated
from storage.sqlite_snapshot import snapshot
from storage.trouble import Troubles
from storage.turns import Turns
from storage.write_turn import write_turn

T = TypeVar("T")

log = logging.getLogger(__name__)

_MIN_SQLITE = (3, 37)  # STRICT tables


class SqliteDatabase:
    """One SQLite database, shared by the coroutines of this process and by other processes.

    Writes go through one connection, one transaction at a time; reads through a second one, so
    that a look-up never waits for a transaction that is writing a file.
    """

    bulk_load: BulkLoad = SqliteBulkLoad()

    def __init__(
        self,
        path: Path,
        writer: aiosqlite.Connection,
        reader: aiosqlite.Connection,
        reserve: Reserve,
    ) -> None:
        self.path = path
        self._reserve = reserve
        self._writer = writer
        self._reader = reader
        self._turns = Turns()
        self.troubles = Troubles()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, migrations: Sequence[Migration] | None = None
    ) -> AsyncIterator[SqliteDatabase]:
        """Open the database, creating it and bringing its schema up to date; close it in the end.

        migrations: all steps of the schema; None for the program's own.

        Raises StorageError, with what to do, if it cannot be used.
        """
        if sqlite3.sqlite_version_info < _MIN_SQLITE:
            raise StorageError(
                f"Mynah needs SQLite 3.37 or newer, this Python has {sqlite3.sqlite_version}. "
                "Install a newer Python."
            )
        steps, reserve = migrations or load_migrations(), Reserve(path.parent)
        async with AsyncExitStack() as stack:
            try:
                writer, reader = await _open(path, steps, stack)
            except DiskFullError:
                if not await asyncio.to_thread(reserve.release):
                    raise
                writer, reader = await _open(path, steps, stack)
            database = cls(path, writer, reader, reserve)
            try:
                yield database
            finally:
                await database._turns.close()

    async def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one SELECT on what is committed. Raises StorageError."""
        with self.troubles.noting("read"), translated(self.path):
            return list(await self._reader.execute_fetchall(sql, parameters))

    @property
    def place(self) -> str:
        """See `Database.place`."""
        return str(self.path)

    async def version(self) -> int:
        """See `Database.version`. Raises StorageError."""
        [row] = await self.read("PRAGMA data_version")
        return int(row[0])

    def snapshot(self) -> AbstractAsyncContextManager[Execute]:
        """See `storage.sqlite_snapshot`."""
        return snapshot(self.path)

    async def keep_reserve(self) -> None:
        """Put some room aside for `write_urgently`, if there is plenty."""
        await asyncio.to_thread(self._reserve.keep)

    async def scrub(self) -> None:
        """Rewrite the database without what was deleted; see `storage.scrubbing`.

        Without room for that, only what was deleted is overwritten. Raises StorageError.
        """
        with translated(self.path):
            async with self._turns.alone(), write_turn(self.path.parent):
                try:
                    await scrubbing.rewrite(self._writer, self.path)
                except sqlite3.Error as error:
                    if not is_full(self.path, error):
                        raise
                    log.warning("%s is not rewritten after a deletion: no room.", self.path)
                await scrubbing.empty_log(self._writer, self.path)

    async def write_urgently(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Do as `write`; on a full disk, use the room that was put aside, and run `work` again."""
        try:
            return await self.write(work)
        except DiskFullError:
            if not await asyncio.to_thread(self._reserve.release):
                raise
        return await self.write(work)

    async def write(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Run `work(execute)` in a transaction that holds SQLite's write lock from its start.

        What `work` raises rolls the transaction back. Files may be changed in it: no other process
        that takes this way runs at the same time. For that reason a caller that is cancelled
        while it waits is forgotten, but a transaction that has begun ends on its own.

        Raises what `work` raised, sqlite3.Error as StorageError.
        """
        return await self._turns.take(lambda: self._transact(work))

    async def _transact(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        with self.troubles.noting("write"), translated(self.path):
            async with write_turn(self.path.parent), transaction(self._writer) as execute:
                return await work(execute)


async def _open(
    path: Path, steps: Sequence[Migration], stack: AsyncExitStack
) -> tuple[aiosqlite.Connection, aiosqlite.Connection]:
    """Return the connections that write and that read."""
    with translated(path):
        async with write_turn(path.parent):
            await asyncio.to_thread(_try_to_open, path)
            writer = await stack.enter_async_context(connect(path))
            await _prepare_writer(writer)
            await migrate(path, writer, steps)
        reader = await stack.enter_async_context(connect(path))
        await reader.execute_fetchall("PRAGMA query_only = ON")
    return writer, reader


def _try_to_open(path: Path) -> None:
    # Only for this user, and so are the -wal and -shm files, which take its mode. Whatever is wrong
    # with the path, SQLite says it below.
    with contextlib.suppress(OSError):
        os.close(open_private(path, os.O_RDWR | os.O_EXCL))
    # When aiosqlite cannot open a file, its thread outlives the error and may print a traceback
    # about the loop being closed.
    sqlite3.connect(path).close()


async def _prepare_writer(writer: aiosqlite.Connection) -> None:
    await writer.execute_fetchall("PRAGMA journal_mode = WAL")
    await writer.execute_fetchall("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, and no copy of it lies in a temporary file.
    await writer.execute_fetchall("PRAGMA secure_delete = ON")
    await writer.execute_fetchall("PRAGMA temp_store = MEMORY")
    # Not NORMAL: after a power cut that could take back a committed deletion whose file is gone,
    # or a voice that its owner was told is saved. Writes are few.
    await writer.execute_fetchall("PRAGMA synchronous = FULL")
