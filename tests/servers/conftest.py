"""Servers that the tests of this folder talk to, on loopback alone."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers.postgres_server import PostgresServer, running_server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server. Where there is none, its error says how to come by one."""
    with running_server() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of an empty database of the test's own."""
    name = f"test_{next(_numbers)}"
    yield await postgres.create(name)
    await postgres.drop(name)
