"""The ids that PostgreSQL counts up, after rows were written with ids of their own."""

from __future__ import annotations

from storage.connections import Execute
from storage.tables import NUMBERED


async def advance(execute: Execute) -> None:
    """Have each table's next id be above those that are there, in the transaction that is open."""
    for table in NUMBERED:
        await execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608 - our names
            f"greatest((SELECT coalesce(max(id), 0) FROM {table}) + 1, "
            f"nextval(pg_get_serial_sequence('{table}', 'id'))), false)"
        )
