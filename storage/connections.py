"""Connections to an SQLite database, and transactions on one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import aiosqlite

Parameters: TypeAlias = Sequence[str | int | float | bytes | None]

BUSY_SECONDS = 5.0
"""How long a statement waits for another process (bot, command line) to finish its transaction."""


class Execute(Protocol):
    """Runs one statement of a transaction and returns its rows."""

    async def __call__(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Raises sqlite3.Error."""


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
