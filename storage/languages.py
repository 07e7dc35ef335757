"""In which languages voices speak, looked up before the store is open."""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage import names_at_hand
from storage.opening import open_database

_LANGUAGES = "SELECT DISTINCT language FROM voices WHERE language IS NOT NULL ORDER BY language"


async def marked_languages(directory: Path, url: str | None = None) -> tuple[str, ...]:
    """Return the languages that voices are marked with, of all guilds, in order.

    directory, url: see `storage.opening.open_database`. SQLite's file is read without a trace.

    Raises OSError, sqlite3.Error and StorageError where nothing can be read.
    """
    if url is None:
        return tuple(await asyncio.to_thread(names_at_hand.languages, directory))
    async with open_database(directory, url) as database:
        return tuple(str(row[0]) for row in await database.read(_LANGUAGES))
