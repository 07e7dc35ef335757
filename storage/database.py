"""The SQLite database: opening it, bringing its schema up to date, transactions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import aiosqlite

from storage import scrubbing
from storage.errors import DiskFullError, StorageError
from storage.names import word_tails
from storage.private import open_private
from storage.reserve import Reserve
from storage.texts import excerpt
from storage.trouble import Troubles

BUSY_SECONDS = 5.0
"""How long a statement waits for another process (bot, command line) to finish its transaction."""

T = TypeVar("T")
Parameters: TypeAlias = Sequence[str | int | float | bytes | None]

log = logging.getLogger(__name__)

_MIN_SQLITE = (3, 37)  # STRICT tables
_PERMISSIONS = "Check that the directory exists and that this user may write to it."
_LEAST_ROOM = 64 * 1024
_ADVICE = {
    sqlite3.SQLITE_NOTADB: "The file is not a database. Move it away, or restore a backup.",
    # SQLite says so of a disk that gives input/output errors, too.
    sqlite3.SQLITE_CORRUPT: (
        "The file is damaged, or the disk fails. Check the disk; then run `mynah doctor`, or "
        "restore a backup."
    ),
    sqlite3.SQLITE_BUSY: "Another program is writing to it. Try again in a moment.",
    sqlite3.SQLITE_IOERR: "The disk fails, is full, or can only be read. Check it.",
    sqlite3.SQLITE_FULL: "The disk is full. Make room.",
    sqlite3.SQLITE_CANTOPEN: _PERMISSIONS,
    sqlite3.SQLITE_READONLY: _PERMISSIONS,
    sqlite3.SQLITE_PERM: _PERMISSIONS,
}


class Execute(Protocol):
    """Runs one statement of a transaction and returns its rows."""

    async def __call__(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Raises sqlite3.Error."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. version: 1, 2, ...; sql: statements, each ended by a semicolon."""

    version: int
    name: str
    sql: str


def load_migrations() -> tuple[Migration, ...]:
    """Read storage/migrations/NNNN_name.sql, in order."""
    sources = (f for f in files("storage.migrations").iterdir() if f.name.endswith(".sql"))
    steps = tuple(
        Migration(int(source.name[:4]), source.name, source.read_text(encoding="utf-8"))
        for source in sorted(sources, key=lambda source: source.name)
    )
    if [step.version for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError("migrations must be numbered 0001, 0002, ... without a gap")
    return steps


def apply_migrations(connection: sqlite3.Connection, version: int) -> None:
    """Give a new database the schema of a version, 1 or higher. Raises sqlite3.Error."""
    connection.create_function("word_tails", 1, _word_tails, deterministic=True)
    for step in load_migrations()[:version]:
        for statement in _statements(step.sql):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version:d}")


def schema_version(path: Path) -> int:
    """Return the version of the schema in a database; 0 if it is missing or holds nothing of ours.

    Raises StorageError if it cannot be read.
    """
    # An empty file is not opened: SQLite would remove a -wal file beside it, which may be all there
    # is left to recover from.
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with (
        translated(path),
        contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection,
    ):
        [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


class Database:
    """One SQLite database, shared by the coroutines of this process and by other processes.

    Writes go through one connection, one transaction at a time; reads through a second one, so
    that a look-up never waits for a transaction that is writing a file.
    """

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
        self._turn = asyncio.Lock()
        self._transaction: asyncio.Task[object] | None = None
        self.troubles = Troubles()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, migrations: Sequence[Migration] | None = None
    ) -> AsyncIterator[Database]:
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
                await database._turn.acquire()  # a transaction in flight ends first

    async def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one SELECT on what is committed. Raises StorageError."""
        with self.troubles.noting("read"), translated(self.path):
            return list(await self._reader.execute_fetchall(sql, parameters))

    async def keep_reserve(self) -> None:
        """Put some room aside for `write_urgently`, if there is plenty."""
        await asyncio.to_thread(self._reserve.keep)

    async def scrub(self) -> None:
        """Rewrite the database without what was deleted; see `storage.scrubbing`.

        Without room for that, only what was deleted is overwritten. Raises StorageError.
        """
        with translated(self.path):
            async with self._turn:
                try:
                    await scrubbing.rewrite(self._writer, self.path)
                except sqlite3.Error as error:
                    if not _is_full(self.path, error):
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
        await self._turn.acquire()
        task = asyncio.create_task(self._transact(work))
        self._transaction = task  # the loop itself would not keep it from being collected
        task.add_done_callback(self._end_turn)
        return await asyncio.shield(task)

    def _end_turn(self, task: asyncio.Task[T]) -> None:
        self._turn.release()
        if not task.cancelled():
            task.exception()  # seen, also when the caller was cancelled

    async def _transact(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        with self.troubles.noting("write"), translated(self.path):
            async with _transaction(self._writer) as execute:
                return await work(execute)


async def _open(
    path: Path, steps: Sequence[Migration], stack: AsyncExitStack
) -> tuple[aiosqlite.Connection, aiosqlite.Connection]:
    """Return the connections that write and that read."""
    with translated(path):
        await asyncio.to_thread(_try_to_open, path)
        writer = await stack.enter_async_context(connect(path))
        await _prepare_writer(writer)
        await _migrate(path, writer, steps)
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


@asynccontextmanager
async def connect(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection to a database that is there."""
    # isolation_level=None: sqlite3 begins no transactions of its own.
    async with aiosqlite.connect(path, isolation_level=None, timeout=BUSY_SECONDS) as connection:
        connection.row_factory = sqlite3.Row
        # Bytes that are no text are found when the row is checked; by default they fail the query.
        connection.text_factory = _decode
        yield connection


def _decode(text: bytes) -> str:
    return text.decode(errors="replace")


async def _prepare_writer(writer: aiosqlite.Connection) -> None:
    await writer.execute_fetchall("PRAGMA journal_mode = WAL")
    await writer.execute_fetchall("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten, and no copy of it lies in a temporary file.
    await writer.execute_fetchall("PRAGMA secure_delete = ON")
    await writer.execute_fetchall("PRAGMA temp_store = MEMORY")
    await writer.create_function("word_tails", 1, _word_tails, deterministic=True)
    # Not NORMAL: after a power cut that could take back a committed deletion whose file is gone,
    # or a voice that its owner was told is saved. Writes are few.
    await writer.execute_fetchall("PRAGMA synchronous = FULL")


def _word_tails(key: object) -> str:
    """For migrations; whatever a damaged row holds in place of a key has no words."""
    return json.dumps(word_tails(key) if isinstance(key, str) else [])


@asynccontextmanager
async def _transaction(connection: aiosqlite.Connection) -> AsyncIterator[Execute]:
    async def execute(sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return list(await connection.execute_fetchall(sql, parameters))

    try:
        await execute("BEGIN IMMEDIATE")
        yield execute
        await execute("COMMIT")
    except BaseException:
        # Statements run in the order they were sent, so this also undoes a BEGIN or a statement
        # that was still running when the task was cancelled.
        await connection.rollback()
        raise


async def _migrate(
    path: Path, connection: aiosqlite.Connection, steps: Sequence[Migration]
) -> None:
    version = await _version(connection)
    if version > len(steps):
        raise StorageError(
            f"The database {path} was made by a newer Mynah (schema {version}, this version knows "
            f"{len(steps)}). Update Mynah, or restore a backup from before the update."
        )
    for step in steps[version:]:
        async with _transaction(connection) as execute:
            if await _version(connection) < step.version:  # no other process was faster
                await _apply(path, execute, step)


async def _apply(path: Path, execute: Execute, step: Migration) -> None:
    """Apply one step and record its version, in the transaction that is open.

    Statement by statement, because `executescript` commits first.
    """
    try:
        for statement in _statements(step.sql):
            await execute(statement)
        await execute(f"PRAGMA user_version = {step.version:d}")
    except sqlite3.Error as error:
        if _is_full(path, error):
            raise
        raise StorageError(
            f"The database {path} could not be updated ({step.name}: {error}). Nothing of this "
            "step was kept. Please report it."
        ) from error


async def _version(connection: aiosqlite.Connection) -> int:
    [row] = await connection.execute_fetchall("PRAGMA user_version")
    return int(row[0])


def _statements(sql: str) -> Iterator[str]:
    statement = ""
    for piece in re.split("(?<=;)", sql):  # a semicolon may stand in a text or a trigger
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StorageError with advice, DiskFullError where room is missing."""
    try:
        yield
    except sqlite3.Error as error:
        kind = DiskFullError if _is_full(path, error) else StorageError
        advice = _ADVICE.get(_code(error), "Please report it.")
        if kind is DiskFullError and _code(error) == sqlite3.SQLITE_CANTOPEN:
            advice = _ADVICE[sqlite3.SQLITE_FULL]
        said = excerpt(str(error))  # of a damaged database, this may be what a page holds
        raise kind(f"The database {path} cannot be used ({said}). {advice}") from error


def _is_full(path: Path, error: sqlite3.Error) -> bool:
    if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return True
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        # Without room for its -shm file, SQLite only says that it cannot open the database.
        return _code(error) == sqlite3.SQLITE_CANTOPEN and free < _LEAST_ROOM
    return False


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
