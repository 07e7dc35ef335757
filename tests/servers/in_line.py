"""Somebody who has the locks of a process that runs the bot as soon as its session is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.servers.postgres_server import PostgresServer

WITHIN = 30.0
_LOCKS = """pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND mode = 'ExclusiveLock'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@asynccontextmanager
async def other_in_line(url: str) -> AsyncIterator[None]:
    """Stand in line for the lock that a process holds for itself, and give it back in the end.

    The process must have ended, or its session, before.
    """
    other, looking = await asyncpg.connect(url), await asyncpg.connect(url)
    kind, key = await looking.fetchrow(f"SELECT classid::int, objid::int FROM {_LOCKS}")
    waiting = asyncio.create_task(other.execute(f"SELECT pg_advisory_lock({kind}, {key})"))
    async with asyncio.timeout(WITHIN):
        while not await looking.fetchval(f"SELECT count(*) FROM {_LOCKS} AND NOT granted"):
            await asyncio.sleep(0.02)
    try:
        yield
    finally:
        await waiting
        await other.close()
        await looking.close()


async def end_sessions(postgres: PostgresServer) -> None:
    """End the sessions that hold such locks, as a server does that goes down."""
    await postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name ~ '^mynah [0-9a-f]{8} '"
    )
