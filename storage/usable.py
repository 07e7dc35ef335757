"""Finding the voices that a member may speak as: `may_speak_as`, told to the database."""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage.connections import Row
from storage.database import Database
from storage.forgotten import stand_in
from storage.names import name_key
from storage.rows import profile_of
from storage.types import OPERATOR_GUILD_ID, VoiceProfile

MOST_LOOKED_AT = 2000
"""Names that begin so, or have a word that does, of which it is asked whether they may be used."""

# ?5: who asks; ?6: their roles, as JSON; ?7: whether they may use others'; ?8: the default voice;
# ?9: the server; ?10: what stands for who asks where their data was deleted.
_USABLE = """
paused_by_owner_at IS NULL AND paused_by_admin_at IS NULL AND (
    owner_id IS NULL OR owner_id = ?5 OR (
        (?7 OR id = ?8)
        AND NOT EXISTS (SELECT 1 FROM voice_blocks AS b WHERE b.guild_id = found.guild_id
                        AND b.owner_id = found.owner_id AND b.blocked_id IN (?5, ?10))
        AND (reach = 'everybody' OR reach = 'named' AND (
            EXISTS (SELECT 1 FROM voice_members AS m WHERE m.voice_id = id AND m.user_id = ?5)
            OR EXISTS (SELECT 1 FROM voice_roles AS r WHERE r.voice_id = id
                       AND r.role_id IN (SELECT value FROM json_each(?6)))))))
AND NOT (found.guild_id <> ?9 AND EXISTS (
    SELECT 1 FROM voices AS own WHERE own.guild_id = ?9 AND own.name_key = found.name_key))
"""
_NAMES = f"""
SELECT * FROM (SELECT * FROM voices
               WHERE guild_id = ?1 AND name_key >= ?2 AND name_key < ?2 || char(1114111)
               ORDER BY name_key LIMIT ?4) AS found
WHERE {_USABLE} ORDER BY name_key LIMIT ?3
"""  # noqa: S608 - constants
_WORDS = f"""
SELECT * FROM (SELECT * FROM voices
               WHERE id IN (SELECT voice_id FROM voice_words WHERE guild_id = ?1
                            AND tail >= ?2 AND tail < ?2 || char(1114111) LIMIT ?4)
                 AND NOT (name_key >= ?2 AND name_key < ?2 || char(1114111))) AS found
WHERE {_USABLE} ORDER BY name_key LIMIT ?3
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks for voices. roles: ids. others: whether the server lets them use others' voices.

    default: the server's default voice, which that does not ask about.
    """

    user_id: int
    roles: frozenset[int] = frozenset()
    others: bool = True
    default: int | None = None


async def search_usable(
    database: Database, guild_id: int, text: str, limit: int, asker: Asker
) -> list[VoiceProfile]:
    """Return the voices of whose name any word begins so, and that may be used by who asks.

    Names that begin so come first; of each kind first the guild's, then the operator's, in the
    order of their names. An operator's voice is left out where the guild has one of that name. At
    most `MOST_LOOKED_AT` of each are looked at, so that the cost has a bound.
    """
    key = name_key(text)
    roles = json.dumps(sorted(asker.roles))
    who = (asker.user_id, roles, asker.others, asker.default, guild_id, stand_in(asker.user_id))
    guilds = tuple(dict.fromkeys((guild_id, OPERATOR_GUILD_ID)))
    rows: list[Row] = []
    for sql in (_NAMES, _WORDS) if key else (_NAMES,):
        for guild in guilds:
            if len(rows) < limit:
                rows += await database.read(sql, (guild, key, limit, MOST_LOOKED_AT, *who))
    return [profile_of(row) for row in rows][:limit]
