"""Rewriting the tables so that their files hold nothing of what was deleted."""

from __future__ import annotations

import asyncpg

from storage.errors import StorageError
from storage.tables import TABLES

MOST_BYTES = 256 * 1024 * 1024
"""Of tables that are rewritten, during which nobody reads them; else what was deleted is freed."""

_SECONDS = 300.0
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
    await connection.execute(f"VACUUM {full}{', '.join(TABLES)}", timeout=_SECONDS)
    if await connection.fetchval(_READERS, since):
        raise StorageError(
            f"What was deleted may stand in the files of {place} still, because another program "
            "reads it, such as pg_dump. Try again when that has ended."
        )
