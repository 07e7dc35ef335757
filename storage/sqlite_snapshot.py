"""Several reads of one state of the database, whatever is committed meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.connections import Execute, Parameters, Row, connect
from storage.sqlite_errors import translated


@asynccontextmanager
async def snapshot(path: Path) -> AsyncIterator[Execute]:
    """Open a connection that reads a database as it was at the first read.

    Writers are not held up; their log grows until the block ends.

    Raises StorageError.
    """
    with translated(path):
        async with connect(path) as connection:

            async def execute(sql: str, parameters: Parameters = ()) -> list[Row]:
                return list(await connection.execute_fetchall(sql, parameters))

            await execute("PRAGMA query_only = ON")
            await execute("BEGIN")
            yield execute
