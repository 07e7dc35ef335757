"""The database as the stores see it: reading, and writing in transactions, whatever keeps it.

`storage.opening.open_database` opens one: `storage.sqlite_database` keeps it in a file,
`storage.postgres` in a server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from storage.bulk_load import BulkLoad
from storage.connections import Execute, Parameters, Row
from storage.trouble import Troubles

T = TypeVar("T")


class Database(Protocol):
    """One database, shared by the coroutines of this process and by other processes.

    Statements are SQLite's, within what `storage.postgres.dialect` can say in PostgreSQL's words.
    Every method raises StorageError, with what to do, if the database cannot be used.
    """

    @property
    def place(self) -> str:
        """Where it is, as it may be shown: a path, or an address without user and password."""

    @property
    def troubles(self) -> Troubles:
        """Whether it can be read and written."""

    @property
    def bulk_load(self) -> BulkLoad:
        """How it is filled with the rows of another one."""

    async def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one SELECT on what is committed."""

    async def write(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Run `work(execute)` in a transaction that holds the database's one write lock.

        What `work` raises rolls the transaction back, and is raised. Files may be changed in it: no
        other process that takes this way runs at the same time. For that reason a caller that is
        cancelled while it waits is forgotten, but a transaction that has begun ends on its own.
        """

    async def write_urgently(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Do as `write`; on a full disk, use the room that was put aside, and run `work` again."""

    async def keep_reserve(self) -> None:
        """Put some room aside for `write_urgently`, if there is plenty."""

    async def scrub(self) -> None:
        """Rewrite the database without what was deleted, unless it is too large for that."""

    async def version(self) -> int:
        """Return a number that changes whenever anything was committed, by any process."""

    def snapshot(self) -> AbstractAsyncContextManager[Execute]:
        """Return what reads the database as it is at the first read, whatever is committed then."""
