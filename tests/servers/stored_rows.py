"""What a store keeps in PostgreSQL, looked at and changed behind its back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from storage.connections import Execute, Parameters, Row
from storage.postgres import dialect
from tests.storage.stored import Work

_CHECKS = """
SELECT CASE WHEN conrelid <> 0 THEN 'TABLE ' || conrelid::regclass
    ELSE 'DOMAIN ' || contypid::regtype END AS owner,
    conname AS name, replace(pg_get_constraintdef(oid), ' NOT VALID', '') AS definition
FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
"""


class RowsOfServer:
    """See `tests.storage.stored.StoredRows`.

    url: finds out the address of the store's database. copy, put_back: of the whole of it, by name.
    """

    def __init__(
        self,
        url: Callable[[], Awaitable[str]],
        copy: Callable[[str], Awaitable[None]],
        put_back: Callable[[str], Awaitable[None]],
    ) -> None:
        self._url, self.copy, self.put_back = url, copy, put_back

    async def change(self, work: Work) -> None:
        async with self._connected() as connection, connection.transaction():
            checks = await connection.fetch(_CHECKS)
            await _alter(connection, checks, "DROP CONSTRAINT {name}")
            await work(_executing(connection))
            # What is there already is not looked at, as with what a program did without them.
            await _alter(connection, checks, "ADD CONSTRAINT {name} {definition} NOT VALID")

    async def run(self, sql: str, *parameters: object) -> None:
        await self.change(lambda execute: execute(sql, parameters))

    async def drop_triggers(self) -> None:
        async with self._connected() as connection:
            for table in ("audit", "audit_texts"):
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(await self._url())
        try:
            yield connection
        finally:
            await connection.close()


async def _alter(connection: asyncpg.Connection, checks: list[asyncpg.Record], change: str) -> None:
    changes = (f"ALTER {check['owner']} {change.format(**check)}" for check in checks)
    await connection.execute(";\n".join(changes))


def _executing(connection: asyncpg.Connection) -> Execute:
    async def execute(sql: str, parameters: Parameters = ()) -> list[Row]:
        statement, values = dialect.translated(sql, tuple(parameters))
        return list(await connection.fetch(statement, *values))

    return execute
