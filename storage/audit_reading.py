"""Reading the audit trail: pages, what was spoken in a voice, who spoke these packets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.audit import guilds_naming
from storage.audit_rows import DELETED, SPOKEN, AuditRow, Who
from storage.connections import Parameters, Row
from storage.database import Database

BATCH = 500
"""Rows that are read at once where all of a guild's are wanted."""

MAX_FOUND = 20

_MAX_NUMBER = 2**63 - 1

_ROWS = """
SELECT audit.*, actors.user_id AS actor_id, subjects.user_id AS subject_id,
    voices.name AS voice_name,
    (SELECT json_group_object(part, text) FROM audit_texts
     WHERE audit_texts.guild_id = audit.guild_id AND audit_texts.number = audit.number) AS texts,
    (SELECT json_group_object(pseudonym, user_id)
     FROM audit_members JOIN json_tree(audit.data, '$.members') ON atom = pseudonym
     WHERE audit_members.guild_id = audit.guild_id) AS members
FROM audit
LEFT JOIN audit_members AS actors
    ON actors.guild_id = audit.guild_id AND actors.pseudonym = audit.actor
LEFT JOIN audit_members AS subjects
    ON subjects.guild_id = audit.guild_id AND subjects.pseudonym = audit.subject
LEFT JOIN voices ON voices.id = audit.voice_id
"""
_NAMES = """
(SELECT pseudonym FROM audit_members AS named
 WHERE named.guild_id = audit.guild_id AND named.user_id = ?)
"""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows: all that is given must hold. member_id: who acted, or who is named in any way."""

    member_id: int | None = None
    voice_id: int | None = None
    kind: str | None = None

    def condition(self, guild_id: int) -> tuple[str, list[int | str]]:
        """Return it in SQL."""
        conditions, parameters = ["audit.guild_id = ?"], list[int | str]([guild_id])
        if self.voice_id is not None:
            conditions.append("audit.voice_id = ?")
            parameters.append(self.voice_id)
        if self.kind is not None:
            conditions.append("audit.kind = ?")
            parameters.append(self.kind)
        if self.member_id is not None:
            conditions.append(
                f"({_NAMES} IN (audit.actor, audit.subject) OR instr(audit.data, {_NAMES}) > 0)"
            )
            parameters += [self.member_id] * 2
        return " AND ".join(conditions), parameters


@dataclass(frozen=True, slots=True)
class Usage:
    """How often something was spoken in a voice, and how long in all."""

    utterances: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TrailSummary:
    """How many rows a guild's trail has, and of which times."""

    guild_id: int
    rows: int
    first_at: datetime
    last_at: datetime


class AuditReader:
    """Reads the trail. Every method raises StorageError if the database is unusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, guild_id: int, which: AuditFilter, limit: int, offset: int = 0
    ) -> list[AuditRow]:
        """Return rows of a guild, the newest first."""
        condition, parameters = which.condition(guild_id)
        return await self._rows(
            f"WHERE {condition} ORDER BY audit.number DESC LIMIT ? OFFSET ?",
            (*parameters, limit, offset),
        )

    async def count(self, guild_id: int, which: AuditFilter) -> int:
        """Return how many rows `page` has in all."""
        condition, parameters = which.condition(guild_id)
        sql = f"SELECT count(*) FROM audit WHERE {condition}"  # noqa: S608 - constants
        [[count]] = await self._database.read(sql, parameters)
        return int(count)

    async def trails(self) -> list[TrailSummary]:
        """Return the trails that have rows, by guild."""
        rows = await self._database.read(
            "SELECT guild_id, count(*), min(at), max(at) FROM audit GROUP BY guild_id"
            " ORDER BY guild_id"
        )
        return [TrailSummary(row[0], row[1], _time(row[2]), _time(row[3])) for row in rows]

    async def all_rows(
        self, guild_id: int, which: AuditFilter = AuditFilter(), *, newest: bool = False
    ) -> AsyncIterator[AuditRow]:
        """Yield rows of a guild, the oldest or the newest first, read in batches."""
        condition, parameters = which.condition(guild_id)
        beyond, order = ("<", "DESC") if newest else (">", "ASC")
        after = _MAX_NUMBER if newest else 0
        while rows := await self._rows(
            f"WHERE {condition} AND audit.number {beyond} ? ORDER BY audit.number {order} LIMIT ?",
            (*parameters, after, BATCH),
        ):
            for row in rows:
                yield row
            after = rows[-1].number

    async def find(self, packets_sha256: str, guild_id: int | None = None) -> list[AuditRow]:
        """Return what was spoken with exactly these packets, the newest first, at most 20.

        packets_sha256: see `storage.audit_rows.packets_hash`. guild_id: only there.
        """
        return await self._rows(
            "WHERE packets_sha256 = ?1 AND (?2 IS NULL OR audit.guild_id = ?2)"
            f" ORDER BY at DESC LIMIT {MAX_FOUND}",
            (packets_sha256, guild_id),
        )

    async def utterances_of(
        self, guild_id: int, voice_id: int, limit: int, offset: int = 0
    ) -> list[AuditRow]:
        """Return what was spoken in a voice on a server, the newest first."""
        return await self.page(guild_id, AuditFilter(None, voice_id, SPOKEN), limit, offset)

    async def usage_of(self, guild_id: int, voice_id: int) -> Usage:
        """Return how often and how long a voice spoke on a server, as far as rows are kept."""
        [[utterances, milliseconds]] = await self._database.read(
            "SELECT count(*), coalesce(sum(milliseconds), 0) FROM audit "
            "WHERE voice_id = ? AND guild_id = ? AND kind = ?",
            (voice_id, guild_id, SPOKEN),
        )
        return Usage(int(utterances), milliseconds / 1000)

    async def speakers_of(
        self, guild_id: int, voice_id: int, limit: int
    ) -> list[tuple[Who, Usage]]:
        """Return who spoke in a voice on a server, and how much, the longest first.

        Members who were forgotten, and webhooks (None), are one each.
        """
        rows = await self._database.read(
            """
            SELECT CASE WHEN actor IS NULL OR actor IN ('operator', 'bot') THEN actor
                ELSE 'deleted' END AS other,
                user_id, count(*), coalesce(sum(milliseconds), 0) AS spoken
            FROM audit LEFT JOIN audit_members
                ON audit_members.guild_id = audit.guild_id AND pseudonym = actor
            WHERE voice_id = ? AND audit.guild_id = ? AND kind = ?
            GROUP BY user_id, other ORDER BY spoken DESC LIMIT ?
            """,
            (voice_id, guild_id, SPOKEN, limit),
        )
        return [
            (user_id if user_id is not None else other, Usage(int(count), spoken / 1000))
            for other, user_id, count, spoken in rows
        ]

    async def guilds_naming(self, user_id: int) -> list[int]:
        """Return the guilds in whose trail a member is named."""
        return await guilds_naming(self._database.read, user_id)

    async def _rows(self, condition: str, parameters: Parameters) -> list[AuditRow]:
        rows = await self._database.read(f"{_ROWS} {condition}", parameters)
        return [_row(row) for row in rows]


def _row(row: Row) -> AuditRow:
    """Return a row with what there still is of its members and texts."""
    data, texts = _object(row["data"]), _object(row["texts"])
    known = _object(row["members"])
    data.pop("texts", None)
    members = {
        part: [known.get(pseudonym, DELETED) for pseudonym in pseudonyms]
        for part, pseudonyms in (data.pop("members", None) or {}).items()
    }
    return AuditRow(
        guild_id=row["guild_id"],
        number=row["number"],
        at=_time(row["at"]),
        kind=row["kind"],
        actor=_who(row["actor"], row["actor_id"]),
        subject=_who(row["subject"], row["subject_id"]),
        voice_id=row["voice_id"],
        voice=texts.pop("voice", None) or row["voice_name"],
        data=data,
        members=members,
        texts=texts,
        milliseconds=row["milliseconds"],
        packets_sha256=row["packets_sha256"],
        hash=row["hash"],
    )


def _who(stored: str | None, member_id: int | None) -> Who:
    match stored:
        case None | "operator" | "bot":
            return stored
        case _:
            return member_id if member_id is not None else DELETED


def _object(text: str) -> dict[str, Any]:
    """Return what a JSON object holds; nothing of one that was damaged."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
