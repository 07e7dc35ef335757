"""Names and languages of voices, for a shell that completes a word and before the store is open:
at once, and without a trace.

Read by SQLite itself rather than through `VoiceStore`, which creates what is missing, migrates,
sweeps, and takes NumPy and an event loop to import.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.layout import DATABASE_NAME
from storage.names import name_key

BUSY_SECONDS = 0.2
MOST_NAMES = 100

_NAMES = """
SELECT DISTINCT name FROM voices
WHERE guild_id IN ({guilds}) AND name_key >= ? AND name_key < ? || char(1114111)
ORDER BY name_key LIMIT ?
"""
_ALL_GUILDS = """
SELECT guild_id FROM (
    SELECT guild_id FROM voices UNION SELECT guild_id FROM guild_settings
    UNION SELECT guild_id FROM guild_defaults UNION SELECT guild_id FROM read_channels
) WHERE guild_id <> 0 AND CAST(guild_id AS TEXT) GLOB ? || '*' ORDER BY guild_id LIMIT ?
"""


def voice_names(directory: Path, guild_ids: Sequence[int], prefix: str) -> list[str]:
    """Return names in these guilds that begin so, in order; at most `MOST_NAMES`.

    Raises OSError and sqlite3.Error for a database that is missing or cannot be read.
    """
    key = name_key(prefix)
    with _reading(directory) as connection:
        sql = _NAMES.format(guilds=", ".join("?" * len(guild_ids)))
        rows = connection.execute(sql, (*guild_ids, key, key, MOST_NAMES)).fetchall()
    return [str(name) for (name,) in rows]


def guild_ids(directory: Path, prefix: str) -> list[int]:
    """Return guilds with voices whose id begins so. Raises as `voice_names` does."""
    sql = "SELECT DISTINCT guild_id FROM voices WHERE CAST(guild_id AS TEXT) GLOB ? || '*' LIMIT ?"
    with _reading(directory) as connection:
        rows = connection.execute(sql, (prefix, MOST_NAMES)).fetchall()
    return sorted(int(guild) for (guild,) in rows)


def settings_guild_ids(directory: Path, prefix: str) -> list[int]:
    """Return guilds with voices, settings or channels that are read, whose id begins so.

    Raises as `voice_names` does.
    """
    with _reading(directory) as connection:
        rows = connection.execute(_ALL_GUILDS, (prefix, MOST_NAMES)).fetchall()
    return [int(guild) for (guild,) in rows]


def languages(directory: Path) -> list[str]:
    """Return the languages that voices are marked with, of all guilds, in order.

    Raises as `voice_names` does.
    """
    sql = "SELECT DISTINCT language FROM voices WHERE language IS NOT NULL ORDER BY language"
    with _reading(directory) as connection:
        return [str(language) for (language,) in connection.execute(sql).fetchall()]


@contextlib.contextmanager
def _reading(directory: Path) -> Iterator[sqlite3.Connection]:
    path = (directory / DATABASE_NAME).resolve(strict=True)
    # Without the files of a program that has the database open, SQLite would make its own, which
    # may belong to another user than the bot's and keep it out.
    shared = all(path.with_name(f"{path.name}-{part}").exists() for part in ("wal", "shm"))
    uri = f"{path.as_uri()}?{'mode=ro' if shared else 'immutable=1'}"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        yield connection
