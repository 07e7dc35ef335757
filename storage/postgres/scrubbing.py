"""Rewriting the tables so that their files hold nothing of what was deleted."""

from __future__ import annotations

import asyncpg

from storage.errors import StorageError
from storage.tables import TABLES

MOST_BYTES = 256 * 1024 * 1024
"""Of tables that are rewritten, during which nobody reads them; else what was deleted is freed."""

_SECONDS = 300.0
_LOCK_MILLISECONDS = 2000
_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint
FROM unnest($1::text[]) AS name
"""
_SINCE = "SELECT clock_timestamp()"
# What was deleted is kept for whoever began to read before. Of other users nothing is told.
_READERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
    AND xact_start < $1
"""


async def rewrite(connection: asyncpg.Connection, place: str) -> None:
    """Write what is kept anew, if it is not too much; only free what was deleted, if it is.

    The server's own log (WAL) and its backups keep what they have for as long as they are kept.

    Raises StorageError if somebody else reads for too long; asyncpg's errors.
    """
    size = int(await connection.fetchval(_SIZE, list(TABLES)))
    full = "(FULL) " if size <= MOST_BYTES else ""
    since = await connection.fetchval(_SINCE)
    is_free = await _vacuum(connection, f"VACUUM {full}{', '.join(TABLES)}")
    if not is_free or await connection.fetchval(_READERS, since):
        raise StorageError(
            f"What was deleted may stand in the files of {place} still, because another program "
            "reads it, such as pg_dump. Try again when that has ended."
        )


async def _vacuum(connection: asyncpg.Connection, statement: str) -> bool:
    """Return whether it could be done before the time for a lock was over.

    While it waits, whoever wants to read waits behind it.
    """
    before = await connection.fetchval("SELECT current_setting('lock_timeout')")
    await connection.execute(f"SET lock_timeout = {_LOCK_MILLISECONDS}")
    try:
        await connection.execute(statement, timeout=_SECONDS)
    except asyncpg.LockNotAvailableError:
        return False
    finally:
        await connection.execute(f"SET lock_timeout = '{before}'")
    return True
