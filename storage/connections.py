"""Connections to an SQLite database, and transactions on one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import aiosqlite

from storage.errors import ConstraintError
from storage.texts import excerpt

Parameters: TypeAlias = Sequence[str | int | float | bytes | None]

BUSY_SECONDS = 5.0
"""How long a statement waits for another process (bot, command line) to finish its transaction."""


class Row(Protocol):
    """A row: its values in order, by number or by name; iterated, its values."""

    def __getitem__(self, key: int | slice | str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> Iterable[str]:
        """The names of the columns, in order."""


class Execute(Protocol):
    """Runs one statement of a transaction and returns its rows."""

    async def __call__(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Raises ConstraintError for what the schema forbids, else what the driver does."""


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


@asynccontextmanager
async def transaction(connection: aiosqlite.Connection) -> AsyncIterator[Execute]:
    """Hold SQLite's write lock; what is raised rolls back what was done. Raises sqlite3.Error."""

    async def execute(sql: str, parameters: Parameters = ()) -> list[Row]:
        try:
            return list(await connection.execute_fetchall(sql, parameters))
        except sqlite3.IntegrityError as error:
            unique = error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE
            raise ConstraintError(excerpt(str(error)), unique=unique) from error

    try:
        await execute("BEGIN IMMEDIATE")
        yield execute
        await execute("COMMIT")
    except BaseException:
        # Statements run in the order they were sent, so this also undoes a BEGIN or a statement
        # that was still running when the task was cancelled.
        await connection.rollback()
        raise
