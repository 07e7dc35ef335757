"""Opening the database: a file in the data directory, or a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database import Database
from storage.directory import count_recordings
from storage.errors import StorageError
from storage.layout import DATABASE_NAME
from storage.shards import Shards
from storage.sqlite_database import SqliteDatabase

if TYPE_CHECKING:
    from storage.postgres.database import PostgresDatabase

ClaimApplication = Callable[[int], Awaitable[None]]
"""Says whose bot a process runs; raises DirectoryInUseError where others run another one's."""


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


@asynccontextmanager
async def running_on(
    url: str | None, shards: Shards | None, stop: asyncio.Event
) -> AsyncIterator[ClaimApplication | None]:
    """Keep processes of other machines from running the same shards, until the block ends.

    Yields what says whose bot it is, for after the login. In SQLite there are no other machines:
    None. url: as above; for the rest see `storage.postgres.process_lock.running`.

    Raises DirectoryInUseError, StorageError.
    """
    if url is None:
        yield None
        return
    with _needing_asyncpg():
        from storage.postgres.process_lock import running
    async with running(url, shards, stop) as lock:
        yield lock.claim


def _postgres() -> type[PostgresDatabase]:
    with _needing_asyncpg():
        from storage.postgres.database import PostgresDatabase
    return PostgresDatabase


@contextmanager
def _needing_asyncpg() -> Iterator[None]:
    """Say so where asyncpg, an extra of which a small server has no need, is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise StorageError(
            "[storage] url names a PostgreSQL database, for which asyncpg is not installed. "
            'Install it: pip install "mynah-bot[postgres]"'
        ) from None
