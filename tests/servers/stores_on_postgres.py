"""A plugin of pytest: runs the tests of the stores with PostgreSQL in place of SQLite.

`python -m pytest -p tests.servers.stores_on_postgres` runs `STORES`. Each data directory of a test
has a database of its own, made from a template with the schema. What is about SQLite's file is left
out, by `LEFT_OUT`, which says why; an entry that leaves nothing out is an error.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import storage.opening
import storage.voices
from storage.database import Database
from storage.directory import prepare_directory
from storage.postgres.database import PostgresDatabase
from storage.sqlite_database import SqliteDatabase
from tests.servers.leaving_out import leave_out, run_where_none_are_named
from tests.servers.left_out import LEFT_OUT, STORES
from tests.servers.postgres_server import PostgresServer, running_server
from tests.servers.stored_rows import RowsOfServer
from tests.storage import stored
from tests.storage.stored import StoredRows

TEMPLATE = "mynah_template"

pytest_plugins = ["tests.servers.conftest"]


def pytest_configure(config: pytest.Config) -> None:
    """Run the stores' tests where no others are named."""
    run_where_none_are_named(config, STORES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about SQLite's file."""
    leave_out(config, items, LEFT_OUT)


class _Databases:
    """The databases of one test, by what is a file or a directory to it."""

    numbers = itertools.count(1)

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._names: dict[Path, str] = {}

    async def url_of(self, place: Path) -> str:
        """Return the address of the database of a directory, which is made where there is none."""
        if place not in self._names:
            await self._copy(TEMPLATE, place)
        return self._server.url(self._names[place])

    async def _copy(self, template: str, place: Path) -> None:
        self._names[place] = f"stores_{next(self.numbers)}"
        await self._server.create(self._names[place], template)

    def rows_of(self, directory: Path) -> StoredRows:
        """In place of `tests.storage.stored.rows_of`."""
        place = directory.resolve()

        async def copy(name: str) -> None:
            await self._copy(self._names[place], place.parent / name)

        async def put_back(name: str) -> None:
            await self._server.drop(self._names[place])
            await self._copy(self._names[place.parent / name], place)

        return RowsOfServer(partial(self.url_of, place), copy, put_back)

    @asynccontextmanager
    async def open(self, directory: Path, url: str | None = None) -> AsyncIterator[Database]:
        """In place of `open_database`."""
        own = await self.url_of(directory.resolve())
        async with storage.opening.open_database(directory, url or own) as database:
            yield database

    @asynccontextmanager
    async def open_file(
        self, path: Path, migrations: Sequence[object] | None = None
    ) -> AsyncIterator[Database]:
        """In place of `SqliteDatabase.open`."""
        assert migrations is None, "this test is of SQLite's schema: see left_out.py"
        async with self.open(path if path.name != "mynah.db" else path.parent) as database:
            yield database

    async def drop(self) -> None:
        for name in self._names.values():
            await self._server.drop(name)


@pytest.fixture(scope="session")
def _template() -> Iterator[PostgresServer]:
    """A server with a database that has the schema."""

    async def make(server: PostgresServer) -> None:
        url = await server.create(TEMPLATE)
        async with PostgresDatabase.open(url):
            pass

    with running_server() as server:
        asyncio.run(make(server))
        yield server


@pytest.fixture(autouse=True)
async def _on_postgres(
    _template: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    databases = _Databases(_template)
    opened: Any = databases.open
    monkeypatch.setattr(storage.voices, "open_database", opened)
    monkeypatch.setattr(
        storage.voices,
        "prepare_directory",
        lambda directory, **_: prepare_directory(directory, database=False),
    )
    monkeypatch.setattr(SqliteDatabase, "open", databases.open_file)
    monkeypatch.setattr(stored, "rows_of", databases.rows_of)
    yield
    await databases.drop()
