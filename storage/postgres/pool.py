"""The connections to a PostgreSQL server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias

import asyncpg

from storage.errors import StorageError
from storage.postgres.address import HOW_TO_WRITE, require_address, shown, wanted_server
from storage.postgres.failures import translated

Pool: TypeAlias = asyncpg.Pool

LEAST_CONNECTIONS = 2
MOST_CONNECTIONS = 8
CONNECT_SECONDS = 10.0
ACQUIRE_SECONDS = 15.0
"""How long a connection that is free is waited for; making one is within that."""
STATEMENT_SECONDS = 30.0
LOCK_SECONDS = 20
"""How long a transaction waits for those of other processes, as with SQLite; they wait in turn."""
IDLE_SECONDS = 60
"""After so long in a transaction without a statement the server ends it: its machine is gone."""
CLOSE_SECONDS = 5.0
LEAST_VERSION = 13

_SESSION = {
    "application_name": "mynah",
    # What writes says so; see `transactions.begin`.
    "default_transaction_read_only": "on",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}


@asynccontextmanager
async def open_pool(url: str) -> AsyncIterator[Pool]:
    """Connect to a database, and close all connections in the end.

    Raises StorageError, which never quotes the address's user or password.
    """
    require_address(url)
    # It would log a traceback for each try while the server is away; who needs one says so.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    with translated(shown(url)):
        pool = await _made(url)
    try:
        with translated(shown(url)):
            await _require_capable(pool)
        yield pool
    finally:
        await _close(pool)


async def connect(url: str, settings: Mapping[str, str]) -> asyncpg.Connection:
    """Return a connection beside those of a pool. settings: of its session, beside theirs.

    Raises asyncpg's errors; StorageError for what is no address.
    """
    require_address(url)
    with _understood():
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={**_SESSION, **settings},
            **_asked_for(url),
        )


async def _made(url: str) -> Pool:
    with _understood():
        return await asyncpg.create_pool(
            url,
            min_size=LEAST_CONNECTIONS,
            max_size=MOST_CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=_SESSION,
            reset=_leave_as_it_is,
            **_asked_for(url),
        )


@contextmanager
def _understood() -> Iterator[None]:
    """Keep to ourselves what asyncpg does not understand of an address, and quotes."""
    try:
        yield
    except ValueError as error:
        if "root certificate" in str(error):
            raise StorageError(
                "sslmode in [storage] url asks for a server whose certificate is known, but it is "
                "not said who vouches for it. Put the authority's certificate into "
                "~/.postgresql/root.crt, or name its file with sslrootcert=/PATH in the address."
            ) from None
        raise StorageError(f"[storage] url {HOW_TO_WRITE}.") from None


def _asked_for(url: str) -> dict[str, str]:
    wanted = wanted_server(url)
    return {"target_session_attrs": wanted} if wanted is not None else {}


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Spare a round trip after each statement: nothing changes a session."""


async def _require_capable(pool: Pool) -> None:
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        version = connection.get_server_version().major
        encoding = connection.get_settings().server_encoding
    if version < LEAST_VERSION:
        raise StorageError(
            f"Mynah needs PostgreSQL {LEAST_VERSION} or newer, the server has {version}. Update it."
        )
    if encoding.upper().replace("-", "") != "UTF8":
        raise StorageError(
            f"The PostgreSQL database is in {encoding}, which cannot hold every name. Create one "
            "with ENCODING 'UTF8' TEMPLATE template0."
        )


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
