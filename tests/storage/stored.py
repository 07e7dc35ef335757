"""What a store keeps, looked at and changed behind its back: the files of its clips, its rows.

Here those of a data directory. `tests.servers.stores_on_s3` and `tests.servers.stores_on_postgres`
put what looks at a bucket and at a server in their place.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from storage.clip_directory import open_directory
from storage.clip_files import ClipFiles, clip_name
from storage.connections import Execute, Parameters, Row
from storage.types import VoiceProfile

Work = Callable[[Execute], Awaitable[object]]


class StoredClips(Protocol):
    """Clips by their keys, such as clips/NAME and lost/NAME."""

    def names(self, folder: str = "clips") -> list[str]:
        """Return what lies in a folder, sorted; nothing where there is no such folder."""

    def read(self, key: str) -> bytes:
        """Return what lies there. Raises FileNotFoundError."""

    def write(self, key: str, content: bytes) -> None:
        """Put it there, in place of what lies there."""

    def remove(self, key: str) -> None:
        """Have nothing there. Raises FileNotFoundError."""


class StoredRows(Protocol):
    """The rows of one store."""

    async def change(self, work: Work) -> None:
        """Change rows in one transaction, without the checks that the schema makes."""

    async def run(self, sql: str, *parameters: object) -> None:
        """Do as `change` with one statement."""

    async def drop_triggers(self) -> None:
        """Have nothing watch over the audit trail any more."""

    async def copy(self, name: str) -> None:
        """Make a copy of the database, which is closed."""

    async def put_back(self, name: str) -> None:
        """Put a copy in place of the database, which is closed."""


class FilesOfClips:
    """See `StoredClips`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def names(self, folder: str = "clips") -> list[str]:
        path = self._directory / folder
        return sorted(file.name for file in path.iterdir()) if path.exists() else []

    def read(self, key: str) -> bytes:
        return (self._directory / key).read_bytes()

    def write(self, key: str, content: bytes) -> None:
        path = self._directory / key
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def remove(self, key: str) -> None:
        (self._directory / key).unlink()


class RowsOfFile:
    """See `StoredRows`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "mynah.db"

    async def change(self, work: Work) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as connection, connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA ignore_check_constraints = ON")
            with _loose_types(connection):
                await work(_executing(connection))

    async def run(self, sql: str, *parameters: object) -> None:
        await self.change(lambda execute: execute(sql, parameters))

    async def drop_triggers(self) -> None:
        triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'audit%'"
        with contextlib.closing(sqlite3.connect(self._path)) as connection, connection:
            for [name] in connection.execute(triggers).fetchall():
                connection.execute(f"DROP TRIGGER {name}")

    async def copy(self, name: str) -> None:
        shutil.copy(self._path, self._directory.parent / name)

    async def put_back(self, name: str) -> None:
        shutil.copy(self._directory.parent / name, self._path)


def _executing(connection: sqlite3.Connection) -> Execute:
    async def execute(sql: str, parameters: Parameters = ()) -> list[Row]:
        return list(connection.execute(sql, tuple(parameters)))

    return execute


@contextlib.contextmanager
def _loose_types(connection: sqlite3.Connection) -> Iterator[None]:
    """Have tables take values of any type meanwhile, as a failing disk does."""
    strict = "SELECT name FROM sqlite_schema WHERE sql LIKE '%) STRICT'"
    names = [name for [name] in connection.execute(strict)]
    connection.execute("PRAGMA writable_schema = ON")
    loose = "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = ?"
    connection.executemany(loose, [(name,) for name in names])
    connection.execute("PRAGMA writable_schema = RESET")
    yield
    connection.execute("PRAGMA writable_schema = ON")
    again = "UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE name = ?"
    connection.executemany(again, [(name,) for name in names])


def clips_of(directory: Path) -> StoredClips:
    """Return the clips of the store of a data directory."""
    return FilesOfClips(directory)


def rows_of(directory: Path) -> StoredRows:
    """Return the rows of the store of a data directory."""
    return RowsOfFile(directory)


def open_clips(directory: Path) -> AbstractAsyncContextManager[ClipFiles]:
    """Open what a store has its clips in."""
    return open_directory(directory)


def key_of(voice: VoiceProfile) -> str:
    """Return the key of a voice's clip."""
    return f"clips/{clip_name(voice.clip_sha256)}"
