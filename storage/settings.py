"""What members and guilds chose, and what Discord was told about the commands."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from storage import access
from storage.access import VoiceAccess
from storage.connections import Execute, Parameters
from storage.database import Database
from storage.rows import profile_of
from storage.types import OPERATOR_GUILD_ID, VoiceProfile
from storage.voices import VoiceStore

_MEMBER_DEFAULT = """
SELECT voices.* FROM member_defaults JOIN voices ON voices.id = voice_id
WHERE member_defaults.guild_id = ? AND user_id = ?
"""
# An id that is higher was given later.
_OWN_VOICES = """
SELECT voices.* FROM (
    SELECT 1 AS choice, voice_id FROM member_defaults WHERE guild_id = ?1 AND user_id = ?2
    UNION ALL
    SELECT * FROM (SELECT 2, id FROM voices WHERE guild_id = ?1 AND owner_id = ?2
                   ORDER BY id DESC LIMIT ?3) AS enrolled
) AS own JOIN voices ON voices.id = voice_id
ORDER BY choice, voice_id DESC LIMIT ?3
"""
_GUILD_DEFAULT = """
SELECT voices.* FROM guild_defaults JOIN voices ON voices.id = voice_id
WHERE guild_defaults.guild_id = ?
"""

MAX_OWN_VOICES = 5
"""Of a member, that are looked at until one is found that can speak."""

MAX_SYNCED_GUILDS = 20
"""Copies of the commands are for trying them out, so few guilds have them."""


class SettingsStore:
    """Whose voice speaks, read from the voices' database; `SettingValues` changes it.

    Every method raises StorageError if that is unusable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def beside(cls, voices: VoiceStore) -> SettingsStore:
        """Return the settings in the database of `voices`, which goes on owning it."""
        return cls(voices.database)

    async def voices_for(self, guild_id: int, user_id: int) -> list[VoiceProfile]:
        """Return the voices that speak for a member who names none; the first that may does.

        What `own_voices` returns, then the guild's default.
        """
        own = await self.own_voices(guild_id, user_id)
        default = await self.guild_default(guild_id)
        found = [*own, default] if default is not None else own
        return list({voice.id: voice for voice in found}.values())

    async def own_voices(self, guild_id: int, user_id: int) -> list[VoiceProfile]:
        """Return what a member chose or enrolled here, at most `MAX_OWN_VOICES`.

        Their default, then what they enrolled, the last first.
        """
        rows = await self._database.read(_OWN_VOICES, (guild_id, user_id, MAX_OWN_VOICES))
        return list({row["id"]: profile_of(row) for row in rows}.values())

    async def operator_voice_ids(self, limit: int) -> list[int]:
        """Return the ids of the operator's undamaged voices, the first `limit` that were made."""
        rows = await self._database.read(
            "SELECT id FROM voices WHERE guild_id = ? AND damage IS NULL ORDER BY id LIMIT ?",
            (OPERATOR_GUILD_ID, limit),
        )
        return [row["id"] for row in rows]

    async def voices_by_id(self, voice_ids: Sequence[int]) -> list[VoiceProfile]:
        """Return the voices of these ids in their order, without those that are gone."""
        marks = ", ".join("?" * len(voice_ids))
        sql = f"SELECT * FROM voices WHERE id IN ({marks})"  # noqa: S608  # only marks
        found = {row["id"]: row for row in await self._database.read(sql, voice_ids)}
        return [profile_of(found[each]) for each in voice_ids if each in found]

    async def access_of(self, voice_ids: Collection[int]) -> dict[int, VoiceAccess]:
        """See `storage.access.access_of`."""
        return await access.access_of(self._database.read, voice_ids)

    async def member_default(self, guild_id: int, user_id: int) -> VoiceProfile | None:
        """Return the voice that a member chose in this guild, if any."""
        return await self._voice(_MEMBER_DEFAULT, (guild_id, user_id))

    async def guild_default(self, guild_id: int) -> VoiceProfile | None:
        """Return the voice that was chosen for the guild, if any."""
        return await self._voice(_GUILD_DEFAULT, (guild_id,))

    async def synced_definition(self, application_id: int, guild_id: int) -> str | None:
        """Return the hash of the command definitions that Discord was told last.

        guild_id: 0 for the commands of all guilds.
        """
        rows = await self._database.read(
            "SELECT definition_hash FROM synced_commands WHERE application_id = ? AND guild_id = ?",
            (application_id, guild_id),
        )
        return rows[0][0] if rows else None

    async def synced_guilds(self, application_id: int) -> list[int]:
        """Return at most `MAX_SYNCED_GUILDS` guilds that were ever given commands of their own."""
        rows = await self._database.read(
            "SELECT guild_id FROM synced_commands WHERE application_id = ? AND guild_id <> 0 "
            "ORDER BY guild_id LIMIT ?",
            (application_id, MAX_SYNCED_GUILDS),
        )
        return [row[0] for row in rows]

    async def set_synced_definition(
        self, application_id: int, guild_id: int, definition_hash: str
    ) -> None:
        """Remember what Discord was told; the arguments are those of `synced_definition`."""

        async def work(execute: Execute) -> None:
            await execute(
                "INSERT INTO synced_commands VALUES (?, ?, ?) "
                "ON CONFLICT (application_id, guild_id) "
                "DO UPDATE SET definition_hash = excluded.definition_hash",
                (application_id, guild_id, definition_hash),
            )

        await self._database.write(work)

    async def _voice(self, sql: str, parameters: Parameters) -> VoiceProfile | None:
        rows = await self._database.read(sql, parameters)
        return profile_of(rows[0]) if rows else None
