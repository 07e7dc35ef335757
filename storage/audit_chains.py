"""Where the chains of the audit trail begin and end."""

from __future__ import annotations

from dataclasses import dataclass

from storage.connections import Execute


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a guild's chain begins and ends; see storage/migrations/0013_audit.sql.

    seal: see `storage.audit_seal`; None where there is none.
    """

    guild_id: int
    first: int
    before: str
    last: int
    hash: str
    seal: bytes | None = None


async def read_chain(execute: Execute, guild_id: int) -> Chain | None:
    """Return where a guild's chain begins and ends, None where there is none."""
    rows = await execute("SELECT * FROM audit_chains WHERE guild_id = ?", (guild_id,))
    return Chain(*rows[0]) if rows else None


async def chains(execute: Execute) -> list[Chain]:
    """Return the chains that there are, by guild."""
    return [Chain(*row) for row in await execute("SELECT * FROM audit_chains ORDER BY guild_id")]
