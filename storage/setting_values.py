"""What admins and members set, by key, and who changed it when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from storage.database import Database, Execute, Parameters

OPERATOR = None
"""In place of a member, for what the command line changed."""


class SettingValues:
    """Values as JSON. Every method raises StorageError if the database is unusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_guild(self, guild_id: int) -> dict[str, Any]:
        """Return what differs from the defaults, by key."""
        return await self._values(
            "SELECT key, value FROM guild_settings WHERE guild_id = ?", (guild_id,)
        )

    async def of_member(self, guild_id: int, user_id: int) -> dict[str, Any]:
        """Return what a member set, by key."""
        return await self._values(
            "SELECT key, value FROM member_settings WHERE guild_id = ? AND user_id = ?",
            (guild_id, user_id),
        )

    async def set_for_guild(
        self, guild_id: int, key: str, value: Any, *, changed_by: int | None
    ) -> None:
        """Store a value and who changed it; None takes it back to the default."""

        async def work(execute: Execute) -> None:
            rows = await execute(
                "SELECT value FROM guild_settings WHERE guild_id = ? AND key = ?", (guild_id, key)
            )
            before, after = rows[0][0] if rows else None, _json(value)
            await execute(
                "DELETE FROM guild_settings WHERE guild_id = ? AND key = ?", (guild_id, key)
            )
            if after is not None:
                await execute("INSERT INTO guild_settings VALUES (?, ?, ?)", (guild_id, key, after))
            await execute(
                "INSERT INTO settings_log (guild_id, changed_at, changed_by, key, before, after) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (guild_id, datetime.now(UTC).isoformat(), changed_by, key, before, after),
            )

        await self._database.write(work)

    async def set_for_member(self, guild_id: int, user_id: int, key: str, value: Any) -> None:
        """Store a member's value; None takes it back to the default."""

        async def work(execute: Execute) -> None:
            await execute(
                "DELETE FROM member_settings WHERE guild_id = ? AND user_id = ? AND key = ?",
                (guild_id, user_id, key),
            )
            if value is not None:
                await execute(
                    "INSERT INTO member_settings VALUES (?, ?, ?, ?)",
                    (guild_id, user_id, key, _json(value)),
                )

        await self._database.write(work)

    async def _values(self, sql: str, parameters: Parameters) -> dict[str, Any]:
        return {key: json.loads(value) for key, value in await self._database.read(sql, parameters)}


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
