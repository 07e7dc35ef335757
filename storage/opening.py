"""Opening the database: a file in the data directory, or a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database import Database
from storage.directory import count_recordings
from storage.errors import StorageError
from storage.layout import DATABASE_NAME
from storage.sqlite_database import SqliteDatabase

if TYPE_CHECKING:
    from storage.postgres.database import PostgresDatabase


@asynccontextmanager
async def open_database(
    directory: Path, url: str | None = None, *, to_fill: bool = False
) -> AsyncIterator[Database]:
    """Open the database, creating it and bringing its schema up to date; close it in the end.

    directory: the data directory. url: of a PostgreSQL database; None is SQLite in the directory.

    Raises StorageError, with what to do, if it cannot be used; in PostgreSQL also for one without
    Mynah's tables beside recordings, which would all be swept, unless it is opened to be filled.
    """
    if url is None:
        async with SqliteDatabase.open(directory / DATABASE_NAME) as database:
            yield database
        return
    recordings = 0 if to_fill else await asyncio.to_thread(count_recordings, directory)
    async with _postgres().open(url, recordings=recordings) as server:
        yield server


def _postgres() -> type[PostgresDatabase]:
    """Return what asyncpg, an extra of which a small server has no need, is imported for."""
    try:
        from storage.postgres.database import PostgresDatabase
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise StorageError(
            "[storage] url names a PostgreSQL database, for which asyncpg is not installed. "
            'Install it: pip install "mynah-bot[postgres]"'
        ) from None
    return PostgresDatabase
