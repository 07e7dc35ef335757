"""The rows that hold a member's id, and the recordings, as they are handed to that member."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from storage.connections import Row
from storage.errors import BrokenSealError, UnknownKeyError
from storage.personal import PERSONAL_COLUMNS
from storage.types import Consent, ReferenceClip
from storage.voices import VoiceStore

MOST_ROWS = 20_000
"""Of one table; a dictionary has 2,000 entries a server."""

_HIDDEN = frozenset({"name_key", "record", "damage"})
"""Columns for the program; evidence is handed out as it was before it was sealed."""

# What belongs to the member, and what they agreed to in voices of others.
_RECORDINGS = """
SELECT guild_id, id, name, '' AS part, clip_sha256 FROM voices
    WHERE owner_id = ?1 OR consented_by = ?1
UNION ALL SELECT guild_id, id, name, 'former', former_sha256 FROM voices
    WHERE former_sha256 IS NOT NULL AND (owner_id = ?1 OR former_consented_by = ?1)
UNION ALL SELECT guild_id, voice_id, name,
    CASE WHEN consents.clip_sha256 = voices.clip_sha256 THEN 'consent' ELSE 'former consent' END,
    consent_sha256
    FROM consents JOIN voices ON voices.id = voice_id
    WHERE consent_sha256 IS NOT NULL AND (owner_id = ?1 OR member_id = ?1)
ORDER BY 1, 2, 4 LIMIT ?2
"""
_NAMING = """
SELECT voices.id, voices.name FROM voice_members JOIN voices ON voices.id = voice_id
WHERE user_id = ?
"""
_SHARES = """
SELECT guild_id, voice_id, name AS voice, user_id, NULL AS role_id
    FROM voice_members JOIN voices ON voices.id = voice_id WHERE owner_id = ?1
UNION ALL SELECT guild_id, voice_id, name, NULL, role_id
    FROM voice_roles JOIN voices ON voices.id = voice_id WHERE owner_id = ?1
"""


@dataclass(frozen=True, slots=True)
class PersonalRecording:
    """A clip of a member. part: "" for what a voice speaks with, else what else it is."""

    guild_id: int
    voice_id: int
    voice: str
    part: str
    sha256: str


class PersonalRows:
    """Reads what is stored about a member. Every method raises StorageError."""

    def __init__(self, voices: VoiceStore) -> None:
        self._voices, self._database = voices, voices.database

    async def rows(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Return the rows with a member's id of every table, at most `MOST_ROWS` of each.

        Discord's ids are texts, as in Discord's own JSON. What others keep about the member for
        themselves, such as whom they blocked, is left out.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for table, columns in _shown().items():
            where = " OR ".join(f"{column} = ?1" for column in columns)
            sql = f"SELECT * FROM {table} WHERE {where} LIMIT {MOST_ROWS}"  # noqa: S608
            found[table] = [_document(row) for row in await self._database.read(sql, (user_id,))]
        return found

    async def voices_naming(self, user_id: int) -> dict[int, str]:
        """Return the voices of others that are shared with a member by name: names, by id."""
        return {row["id"]: row["name"] for row in await self._database.read(_NAMING, (user_id,))}

    async def shares(self, user_id: int) -> list[dict[str, Any]]:
        """Return with which members and roles a member shares voices."""
        return [_document(row) for row in await self._database.read(_SHARES, (user_id,))]

    async def consents(self, user_id: int) -> list[Consent]:
        """Return the evidence of the consents that a member gave, but for what cannot be read."""
        rows = await self._database.read(
            "SELECT DISTINCT voice_id FROM consents WHERE member_id = ?", (user_id,)
        )
        found: list[Consent] = []
        for row in rows:
            with contextlib.suppress(BrokenSealError, UnknownKeyError):
                found += await self._voices.consents_of(row[0])
        return [each for each in found if each.member_id == user_id]

    async def recordings(self, user_id: int, limit: int) -> list[PersonalRecording]:
        """Return a member's recordings, current and former, and their spoken consents."""
        rows = await self._database.read(_RECORDINGS, (user_id, limit))
        return [PersonalRecording(*row) for row in rows]

    async def load(self, recording: PersonalRecording) -> ReferenceClip:
        """Read a recording. Raises DamagedClipError, UnknownKeyError."""
        return await self._voices.load(recording.sha256)


def _shown() -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    for each in PERSONAL_COLUMNS:
        if each.shown:
            tables.setdefault(each.table, []).append(each.column)
    return tables


def _document(row: Row) -> dict[str, Any]:
    names = [name for name in row.keys() if name not in _HIDDEN]  # noqa: SIM118 - a Row
    return {name: _value(name, row[name]) for name in names}


def _value(name: str, value: Any) -> Any:
    is_id = name.endswith(("_id", "_by")) and name != "voice_id"
    return str(value) if is_id and isinstance(value, int) else value
