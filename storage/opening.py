"""Opening the database: a file in the data directory, or a PostgreSQL server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.database import Database
from storage.errors import StorageError
from storage.layout import DATABASE_NAME
from storage.sqlite_database import SqliteDatabase


@asynccontextmanager
async def open_database(directory: Path, url: str | None = None) -> AsyncIterator[Database]:
    """Open the database, creating it and bringing its schema up to date; close it in the end.

    directory: the data directory. url: of a PostgreSQL database; None is SQLite in the directory.

    Raises StorageError, with what to do, if it cannot be used; in PostgreSQL also for one without
    Mynah's tables beside recordings, which would all be swept.
    """
    if url is None:
        async with SqliteDatabase.open(directory / DATABASE_NAME) as database:
            yield database
        return
    raise StorageError("PostgreSQL is not supported yet.")
