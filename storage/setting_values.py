"""What admins and members set, by key, and who changed it when."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage import audit, defaults
from storage.audit_events import SettingChanged
from storage.audit_rows import member_or_operator
from storage.connections import Execute, Parameters
from storage.database import Database
from storage.voices import VoiceStore

DEFAULT_VOICE = "default_voice"
"""The key whose value is the id of a voice; a row of its own table, which goes with the voice."""

_OF_MEMBERS = "_members"  # so the keys end whose values are lists of members

MAX_LOG_ROWS = 500
"""Of a guild; the oldest go."""

_GUILD_VALUES = """
SELECT key, value FROM guild_settings WHERE guild_id = ?1
UNION ALL SELECT 'default_voice', CAST(voice_id AS TEXT) FROM guild_defaults WHERE guild_id = ?1
"""
_GUILD_VALUE = f"SELECT value FROM ({_GUILD_VALUES}) AS own WHERE key = ?2"  # noqa: S608 - constants
_MEMBER_VALUES = """
SELECT key, value FROM member_settings WHERE guild_id = ?1 AND user_id = ?2
UNION ALL SELECT 'default_voice', CAST(voice_id AS TEXT) FROM member_defaults
WHERE guild_id = ?1 AND user_id = ?2
"""
_FORGET_OLD = """
DELETE FROM settings_log WHERE guild_id = ?1 AND id <= (
    SELECT id FROM settings_log WHERE guild_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
)
"""
_GUILDS = """
SELECT guild_id,
    (SELECT count(*) FROM voices WHERE voices.guild_id = known.guild_id),
    (SELECT count(*) FROM guild_settings WHERE guild_settings.guild_id = known.guild_id)
        + (SELECT count(*) FROM guild_defaults WHERE guild_defaults.guild_id = known.guild_id),
    (SELECT count(*) FROM read_channels WHERE read_channels.guild_id = known.guild_id)
FROM (
    SELECT guild_id FROM voices UNION SELECT guild_id FROM guild_settings
    UNION SELECT guild_id FROM guild_defaults UNION SELECT guild_id FROM read_channels
) AS known WHERE guild_id <> 0 ORDER BY guild_id
"""
_CHANGES_AFTER = "SELECT * FROM settings_log WHERE id > ? ORDER BY id LIMIT ?"
_CHANGES_OF = "SELECT * FROM settings_log WHERE guild_id = ? ORDER BY id DESC LIMIT ?"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A row of the log. changed_by: None is the operator. before, after: None is the default."""

    id: int
    guild_id: int
    changed_at: datetime | None
    changed_by: int | None
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class GuildCounts:
    """What is stored of a guild: voices, settings that differ from the default, read channels."""

    guild_id: int
    voices: int
    settings: int
    read_channels: int


class SettingValues:
    """Values as JSON. Every method raises StorageError if the database is unusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def beside(cls, voices: VoiceStore) -> SettingValues:
        """Return the values in the database of `voices`, which goes on owning it."""
        return cls(voices.database)

    async def of_guild(self, guild_id: int) -> dict[str, Any]:
        """Return what differs from the defaults, by key."""
        return await self._values(_GUILD_VALUES, (guild_id,))

    async def of_member(self, guild_id: int, user_id: int) -> dict[str, Any]:
        """Return what a member set, by key."""
        return await self._values(_MEMBER_VALUES, (guild_id, user_id))

    async def set_for_guild(
        self, guild_id: int, key: str, value: Any, *, changed_by: int | None
    ) -> bool:
        """Store a value and who changed it; None takes it back to the default.

        Returns whether it is another than before; if not, nothing is logged.

        Raises VoiceNotFoundError for a voice that this guild cannot use.
        """
        after = _json(value)

        async def work(execute: Execute) -> bool:
            rows = await execute(_GUILD_VALUE, (guild_id, key))
            before = str(rows[0][0]) if rows else None
            if before == after:
                return False
            await _store_for_guild(execute, guild_id, key, value)
            await execute(
                "INSERT INTO settings_log (guild_id, changed_at, changed_by, key, before, after) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (guild_id, datetime.now(UTC).isoformat(), changed_by, key, _valid(before), after),
            )
            await execute(_FORGET_OLD, (guild_id, MAX_LOG_ROWS))
            event = _event(key, _valid(before), after, changed_by)
            await audit.tell(execute, guild_id, event)
            return True

        return await self._database.write(work)

    async def set_for_member(self, guild_id: int, user_id: int, key: str, value: Any) -> None:
        """Store a member's value; None takes it back to the default.

        Raises VoiceNotFoundError for a voice that this guild cannot use.
        """

        async def work(execute: Execute) -> None:
            own = (guild_id, user_id)
            if key == DEFAULT_VOICE:
                await defaults.set_member_default(execute, *own, value)
                return
            await execute(
                "DELETE FROM member_settings WHERE guild_id = ? AND user_id = ? AND key = ?",
                (*own, key),
            )
            if value is not None:
                await execute(
                    "INSERT INTO member_settings VALUES (?, ?, ?, ?)", (*own, key, _json(value))
                )

        await self._database.write(work)

    async def newest_change(self) -> int:
        """Return the number of the change that was logged last, of any guild; 0 before any."""
        [row] = await self._database.read("SELECT coalesce(max(id), 0) FROM settings_log")
        return int(row[0])

    async def changes_after(self, number: int, limit: int = 100) -> list[LoggedChange]:
        """Return what was logged after a change, by whichever process, the oldest first."""
        return await self._changes(_CHANGES_AFTER, (number, limit))

    async def changes_of(self, guild_id: int, limit: int = 25) -> list[LoggedChange]:
        """Return a guild's changes, the newest first."""
        return await self._changes(_CHANGES_OF, (guild_id, limit))

    async def guilds(self) -> list[GuildCounts]:
        """Return the guilds that have voices, settings or channels that are read."""
        rows = await self._database.read(_GUILDS)
        return [GuildCounts(*row) for row in rows]

    async def _values(self, sql: str, parameters: Parameters) -> dict[str, Any]:
        rows = await self._database.read(sql, parameters)
        return {key: value for key, text in rows if (value := _parsed(key, text)) is not None}

    async def _changes(self, sql: str, parameters: Parameters) -> list[LoggedChange]:
        rows = await self._database.read(sql, parameters)
        return [
            LoggedChange(number, guild, _moment(at), by, key, _parsed(key, old), _parsed(key, new))
            for number, guild, at, by, key, old, new in rows
        ]


async def _store_for_guild(execute: Execute, guild_id: int, key: str, value: Any) -> None:
    if key == DEFAULT_VOICE:
        await defaults.set_guild_default(execute, guild_id, value)
        return
    await execute("DELETE FROM guild_settings WHERE guild_id = ? AND key = ?", (guild_id, key))
    if value is not None:
        row = (guild_id, key, _json(value))
        await execute("INSERT INTO guild_settings VALUES (?, ?, ?)", row)


def _event(key: str, before: str | None, after: str | None, by: int | None) -> SettingChanged:
    """Return what the audit trail is told of a change. before, after: JSON, None for the default.

    Of a list of members only who came and who went.
    """
    whom, old, new = member_or_operator(by), _parsed(key, before), _parsed(key, after)
    if not key.endswith(_OF_MEMBERS):
        return SettingChanged(by=whom, key=key, before=old, after=new)
    were, are = (tuple(map(int, value or ())) for value in (old, new))
    return SettingChanged(
        by=whom,
        key=key,
        added=tuple(member for member in are if member not in were),
        removed=tuple(member for member in were if member not in are),
    )


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _parsed(key: str, text: object) -> Any:
    """Return a value, None for what is damaged."""
    if text is None:
        return None
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        log.warning("A setting that cannot be read counts as not set: %s", key)
        return None


def _valid(text: str | None) -> str | None:
    """Return JSON that was stored, None where it is damaged."""
    return None if text is None or _parsed("", text) is None else text


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
