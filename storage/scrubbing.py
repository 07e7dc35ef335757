"""Rewriting a database so that nothing of what was deleted can be found in its files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiosqlite

from storage.errors import StorageError

MOST_BYTES = 256 * 1024 * 1024
"""Of a database that is rewritten; a thousand voices take 2 MB."""

_CHECKPOINTS = 2
"""Each waits as long as any statement does for others to finish, and writers wait meanwhile."""


async def rewrite(writer: aiosqlite.Connection, path: Path) -> None:
    """Write all that is kept anew, if it is not too much. Raises sqlite3.Error.

    What is deleted is overwritten in any case (`secure_delete`), but not the copies that SQLite
    leaves where it moved rows between pages.
    """
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    if size <= MOST_BYTES:
        await writer.execute_fetchall("VACUUM")


async def empty_log(writer: aiosqlite.Connection, path: Path) -> None:
    """Move what the -wal file holds to the database, and cut it to nothing.

    Raises sqlite3.Error; StorageError if somebody else reads for too long.
    """
    for _attempt in range(_CHECKPOINTS):
        [row] = await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        if row[0] == 0:
            return
    raise StorageError(
        f"The log of {path} cannot be emptied, because another program reads the database. What "
        "was deleted may stand in it until that program ends. Then try again."
    )
