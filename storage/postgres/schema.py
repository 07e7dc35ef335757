"""The schema in PostgreSQL: its steps, and what brings a database up to date."""

from __future__ import annotations

import asyncpg

from storage.errors import StorageError
from storage.schema import Migration, migrations_of

_IS_THERE = "SELECT to_regclass('mynah_database') IS NOT NULL"
_VERSION = "SELECT schema_version FROM mynah_database"
_SET_VERSION = "UPDATE mynah_database SET schema_version = $1"


async def version_of(connection: asyncpg.Connection) -> int:
    """Return the version of the schema; 0 where there is nothing of ours."""
    if not await connection.fetchval(_IS_THERE):
        return 0
    return int(await connection.fetchval(_VERSION))


async def migrate(connection: asyncpg.Connection, place: str, *, recordings: int) -> None:
    """Apply the steps that a database has not, in the transaction that is open, under the lock.

    recordings: how many lie in clips/. Raises StorageError for a schema that is newer, for a
    database without ours beside recordings, which belong to another, and for a step that fails.
    """
    steps, version = migrations_of("storage.postgres.migrations"), await version_of(connection)
    newest = steps[-1].version
    if version > newest:
        raise StorageError(
            f"The database {place} was made by a newer Mynah (schema {version}, this version knows "
            f"{newest}). Update Mynah, or restore a backup from before the update."
        )
    if version == 0 and recordings:
        raise StorageError(
            f"The data directory holds {recordings} recordings, but the database {place} is empty. "
            "Copy what they belong to with `mynah move`, restore the database from a backup, or "
            "name another directory."
        )
    for step in steps:
        if step.version > version:
            await _apply(connection, place, step)


async def _apply(connection: asyncpg.Connection, place: str, step: Migration) -> None:
    try:
        await connection.execute(step.sql)
        await connection.execute(_SET_VERSION, step.version)
    except asyncpg.InsufficientPrivilegeError:
        raise
    except asyncpg.PostgresError as error:
        raise StorageError(
            f"The database {place} could not be updated ({step.name}: {error}). Nothing of this "
            "step was kept. Please report it."
        ) from error
