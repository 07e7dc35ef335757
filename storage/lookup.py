"""Finding voices by what a person types."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from storage.connections import Execute, Row
from storage.database import Database
from storage.errors import VoiceNotFoundError, translatable
from storage.names import name_key, shown, word_tails
from storage.rows import profile_of
from storage.types import OPERATOR_GUILD_ID, VoiceProfile, VoiceState

# Above that, comparing every name takes longer than a mistyped one is worth.
_MAX_COMPARED_NAMES = 500

MAX_WORD_MATCHES = 200
"""Names with a word inside that begins so, which a search looks at in one guild."""

# No code point sorts after U+10FFFF, and no name has it. Each half walks the index and stops.
SEARCH_NAMES = """
SELECT * FROM (SELECT * FROM voices
               WHERE guild_id = ?1 AND name_key >= ?2 AND name_key < ?2 || char(1114111)
               ORDER BY name_key LIMIT ?3) AS own
UNION ALL
SELECT * FROM (SELECT * FROM voices
               WHERE guild_id = ?4 AND ?1 <> ?4
                 AND name_key >= ?2 AND name_key < ?2 || char(1114111)
               ORDER BY name_key LIMIT ?3) AS operators
"""
# Without the names that begin so as a whole, which are found above.
SEARCH_WORDS = """
SELECT * FROM voices
WHERE id IN (SELECT voice_id FROM voice_words
             WHERE guild_id = ?1 AND tail >= ?2 AND tail < ?2 || char(1114111) LIMIT ?4)
  AND NOT (name_key >= ?2 AND name_key < ?2 || char(1114111))
ORDER BY name_key LIMIT ?3
"""
SEARCH_OWN = """
SELECT * FROM (SELECT *, name_key >= ?2 AND name_key < ?2 || char(1114111) AS begins FROM voices
               WHERE guild_id = ?1 AND owner_id = ?4) AS own
WHERE begins OR EXISTS (SELECT 1 FROM voice_words WHERE voice_id = own.id
                        AND tail >= ?2 AND tail < ?2 || char(1114111))
ORDER BY begins DESC, name_key LIMIT ?3
"""
_STATES = """
SELECT id, clip_sha256, access_version,
    paused_by_owner_at IS NOT NULL OR paused_by_admin_at IS NOT NULL AS paused
FROM voices WHERE id IN ({marks})
"""

_NOT_FOUND = (
    translatable("There is no voice named “{name}”."),
    translatable("There is no voice named “{name}”. Did you mean “{first}”?"),
    translatable("There is no voice named “{name}”. Did you mean “{first}” or “{second}”?"),
    translatable(
        "There is no voice named “{name}”. Did you mean “{first}”, “{second}” or “{third}”?"
    ),
)


async def find(database: Database, guild_id: int, name: str) -> VoiceProfile:
    """See `VoiceStore.find`."""
    rows = await database.read(
        "SELECT * FROM voices WHERE name_key = ? AND guild_id IN (?, ?)"
        " ORDER BY guild_id = ? LIMIT 1",
        (name_key(name), guild_id, OPERATOR_GUILD_ID, OPERATOR_GUILD_ID),
    )
    if rows:
        return profile_of(rows[0])
    close = await _close_names(database, guild_id, name)
    known = dict(zip(("first", "second", "third"), close, strict=False))
    raise VoiceNotFoundError(_NOT_FOUND[len(close)], name=shown(name), **known)


async def find_everywhere(database: Database, name: str, limit: int) -> list[VoiceProfile]:
    """See `VoiceStore.find_everywhere`."""
    rows = await database.read(
        "SELECT * FROM voices WHERE name_key = ? ORDER BY guild_id LIMIT ?", (name_key(name), limit)
    )
    return [profile_of(row) for row in rows]


async def search(
    database: Database,
    guild_id: int,
    text: str,
    limit: int,
    owner_id: int | None,
    *,
    shared: bool = True,
) -> list[VoiceProfile]:
    """See `VoiceStore.search`."""
    key = name_key(text)
    if owner_id is not None:
        own = await database.read(SEARCH_OWN, (guild_id, key, limit, owner_id))
        return [profile_of(row) for row in own]
    other = OPERATOR_GUILD_ID if shared else guild_id
    rows = await database.read(SEARCH_NAMES, (guild_id, key, limit, other))
    if key and len(rows) < limit:
        for guild in dict.fromkeys((guild_id, other)):
            rows += await database.read(SEARCH_WORDS, (guild, key, limit, MAX_WORD_MATCHES))
    # The first of a name is the guild's own.
    first = {row["name_key"]: row for row in reversed(rows)}
    return [profile_of(row) for row in rows if first[row["name_key"]] is row][:limit]


async def states(database: Database, voice_ids: Collection[int]) -> dict[int, VoiceState]:
    """See `VoiceStore.states`."""
    marks = ", ".join("?" * len(voice_ids))
    sql = _STATES.format(marks=marks)
    return {
        row["id"]: VoiceState(row["clip_sha256"], bool(row["paused"]), row["access_version"])
        for row in await database.read(sql, list(voice_ids))
    }


async def index_words(execute: Execute, row: Row) -> None:
    """Make a voice findable by the words of its name, in the transaction that names it."""
    await execute("DELETE FROM voice_words WHERE voice_id = ?", (row["id"],))
    for tail in word_tails(row["name_key"]):
        await execute(
            "INSERT INTO voice_words VALUES (?, ?, ?)", (row["guild_id"], tail, row["id"])
        )


async def _close_names(database: Database, guild_id: int, name: str) -> list[str]:
    rows = await database.read(
        "SELECT name, name_key FROM voices WHERE guild_id IN (?, ?) LIMIT ?",
        (guild_id, OPERATOR_GUILD_ID, _MAX_COMPARED_NAMES + 1),
    )
    if len(rows) > _MAX_COMPARED_NAMES:
        return []
    names = {row["name_key"]: row["name"] for row in rows}
    return [names[key] for key in difflib.get_close_matches(name_key(name)[:100], names, n=3)]
