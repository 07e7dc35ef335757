"""Finding voices by what a person types."""

from __future__ import annotations

import difflib

from storage.database import Database
from storage.errors import VoiceNotFoundError
from storage.names import name_key, shown
from storage.rows import profile_of
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

# Above that, comparing every name takes longer than a mistyped one is worth.
_MAX_COMPARED_NAMES = 500

# No code point sorts after U+10FFFF, and no name has it. Each half walks the index and stops.
SEARCH = """
SELECT * FROM (SELECT * FROM voices
               WHERE guild_id = ?1 AND name_key >= ?2 AND name_key < ?2 || char(1114111)
               ORDER BY name_key LIMIT ?3)
UNION ALL
SELECT * FROM (SELECT * FROM voices
               WHERE guild_id = ?4 AND ?1 <> ?4
                 AND name_key >= ?2 AND name_key < ?2 || char(1114111)
               ORDER BY name_key LIMIT ?3)
"""


async def find(database: Database, guild_id: int, name: str) -> VoiceProfile:
    """See `VoiceStore.find`."""
    rows = await database.read(
        "SELECT * FROM voices WHERE name_key = ? AND guild_id IN (?, ?)"
        " ORDER BY guild_id = ? LIMIT 1",
        (name_key(name), guild_id, OPERATOR_GUILD_ID, OPERATOR_GUILD_ID),
    )
    if rows:
        return profile_of(rows[0])
    suggestion = await _suggestion(database, guild_id, name)
    raise VoiceNotFoundError(f"There is no voice named “{shown(name)}”.{suggestion}")


async def search(database: Database, guild_id: int, prefix: str, limit: int) -> list[VoiceProfile]:
    """See `VoiceStore.search`."""
    rows = await database.read(SEARCH, (guild_id, name_key(prefix), limit, OPERATOR_GUILD_ID))
    # The first of a name is the guild's own.
    first = {row["name_key"]: row for row in reversed(rows)}
    return [profile_of(row) for row in rows if first[row["name_key"]] is row][:limit]


async def _suggestion(database: Database, guild_id: int, name: str) -> str:
    rows = await database.read(
        "SELECT name, name_key FROM voices WHERE guild_id IN (?, ?) LIMIT ?",
        (guild_id, OPERATOR_GUILD_ID, _MAX_COMPARED_NAMES + 1),
    )
    if len(rows) > _MAX_COMPARED_NAMES:
        return ""
    names = {row["name_key"]: row["name"] for row in rows}
    close = difflib.get_close_matches(name_key(name)[:100], names, n=3)
    return f" Did you mean {' or '.join(f'“{names[key]}”' for key in close)}?" if close else ""
