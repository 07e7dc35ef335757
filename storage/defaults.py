"""The default voices of guilds and members: rows that go with the voice."""

from __future__ import annotations

from storage.connections import Execute
from storage.errors import NotSharedError, VoiceNotFoundError
from storage.types import OPERATOR_GUILD_ID


async def set_guild_default(execute: Execute, guild_id: int, voice_id: int | None) -> None:
    """Choose the guild's voice; None takes the choice back.

    Raises VoiceNotFoundError for a voice that this guild cannot use, NotSharedError for one that is
    not everybody's there.
    """
    await execute("DELETE FROM guild_defaults WHERE guild_id = ?", (guild_id,))
    if voice_id is not None:
        await _require_usable(execute, guild_id, voice_id)
        await _require_everybodys(execute, voice_id)
        await execute("INSERT INTO guild_defaults VALUES (?, ?)", (guild_id, voice_id))


async def set_member_default(
    execute: Execute, guild_id: int, user_id: int, voice_id: int | None
) -> None:
    """Choose a member's voice in a guild; see `set_guild_default`."""
    own = (guild_id, user_id)
    await execute("DELETE FROM member_defaults WHERE guild_id = ? AND user_id = ?", own)
    if voice_id is not None:
        await _require_usable(execute, guild_id, voice_id)
        await execute("INSERT INTO member_defaults VALUES (?, ?, ?)", (*own, voice_id))


async def _require_usable(execute: Execute, guild_id: int, voice_id: int) -> None:
    rows = await execute(
        "SELECT 1 FROM voices WHERE id = ? AND guild_id IN (?, ?)",
        (voice_id, guild_id, OPERATOR_GUILD_ID),
    )
    if not rows:
        raise VoiceNotFoundError("That voice does not exist any more.")


async def _require_everybodys(execute: Execute, voice_id: int) -> None:
    rows = await execute(
        "SELECT name FROM voices WHERE id = ? AND owner_id IS NOT NULL AND reach <> 'everybody'",
        (voice_id,),
    )
    if rows:
        raise NotSharedError(
            "“{name}” is not everybody's here, so it cannot speak for the server. Its owner can "
            "share it with everybody.",
            name=rows[0]["name"],
        )
