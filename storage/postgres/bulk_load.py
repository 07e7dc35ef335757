"""Filling a PostgreSQL database; see `storage.bulk_load`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.bulk_load import Numbers
from storage.connections import Execute
from storage.tables import NUMBERED

_GUARDED = ("audit", "audit_texts")
"""Tables with triggers. That of `audit` reads its chain for each row: to raise the chain row by row
would leave a version of it for each, of which every look reads all."""


class PostgresBulkLoad:
    """Filling a PostgreSQL database, whose tables are this user's."""

    async def numbers(self, read: Execute) -> Numbers:
        """See `BulkLoad`."""
        found: Numbers = {}
        for table in NUMBERED:
            [[last]] = await read(f"SELECT pg_sequence_last_value({_sequence(table)})")
            found |= {table: last} if last is not None else {}
        return found

    @asynccontextmanager
    async def filling(self, execute: Execute, numbers: Numbers) -> AsyncIterator[None]:
        """See `BulkLoad`."""
        for table in _GUARDED:
            await execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in _GUARDED:
            await execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in NUMBERED:
            await _count_on(execute, table, numbers.get(table, 0))


async def _count_on(execute: Execute, table: str, number: int) -> None:
    sequence = _sequence(table)
    await execute(
        f"SELECT setval({sequence}, last) FROM (SELECT greatest(?, "  # noqa: S608 - our names
        f"coalesce(max(id), 0), coalesce(pg_sequence_last_value({sequence}), 0)) AS last "
        f"FROM {table}) AS given WHERE last > 0",
        (number,),
    )


def _sequence(table: str) -> str:
    return f"pg_get_serial_sequence('{table}', 'id')::regclass"
