"""Erasing voices and recordings inside a transaction; files that they leave unneeded are noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage import upkeep
from storage.connections import Execute, Parameters

_RECORDING = (
    "seconds", "pitch_hz", "quality", "consented_by", "consented_at", "level"
)  # fmt: skip
_FORMER = ("former_sha256", *(f"former_{name}" for name in _RECORDING), "former_until")
_NO_FORMER = ", ".join(f"{name} = NULL" for name in _FORMER)
_PROMOTE = ", ".join(
    ("clip_sha256 = former_sha256", *(f"{name} = former_{name}" for name in _RECORDING))
)


@dataclass(slots=True)
class Leftovers:
    """What went so far. hashes: of clips that may not be needed any more."""

    voices: int = 0
    recordings: int = 0
    evidence: int = 0
    hashes: set[str] = field(default_factory=set)

    async def release(self, execute: Execute) -> list[str]:
        """Note that these clips are not needed, and return them."""
        return [each for each in sorted(self.hashes) if await upkeep.release(execute, each)]


async def erase_voices(
    execute: Execute, where: str, parameters: Parameters, gone: Leftovers
) -> None:
    """Delete voices with their recordings and evidence. where: a condition on `voices`."""
    inside = f"voice_id IN (SELECT id FROM voices WHERE {where})"  # noqa: S608
    await _erase_evidence(execute, inside, parameters, gone)
    # What follows a voice goes by cascade.
    rows = await execute(
        f"DELETE FROM voices WHERE {where} RETURNING clip_sha256, former_sha256",  # noqa: S608
        parameters,
    )
    hashes = [each for row in rows for each in row if each is not None]
    gone.voices += len(rows)
    gone.recordings += len(hashes)
    gone.hashes.update(hashes)


async def erase_recordings_of(
    execute: Execute, user_id: int, guild_id: int | None, gone: Leftovers
) -> None:
    """Delete the recordings that a member agreed to, in the voices of others.

    Where the voice has another one, that takes the place; where it has none, the voice goes.
    """
    here, parameters = _of(user_id, guild_id)
    await _erase_former(execute, f"former_consented_by = ?1 {here}", parameters, gone)
    alone = f"consented_by = ?1 AND former_sha256 IS NULL {here}"
    await erase_voices(execute, alone, parameters, gone)
    rows = await execute(
        f"SELECT id, clip_sha256 FROM voices WHERE consented_by = ?1 {here}",  # noqa: S608
        parameters,
    )
    for voice_id, sha256 in rows:
        await _promote_former(execute, voice_id, sha256, gone)
    inside = "AND voice_id IN (SELECT id FROM voices WHERE guild_id = ?2)" if here else ""
    await _erase_evidence(execute, f"member_id = ?1 {inside}", parameters, gone)


async def _erase_former(
    execute: Execute, where: str, parameters: Parameters, gone: Leftovers
) -> None:
    rows = await execute(
        f"SELECT id, former_sha256 FROM voices WHERE {where}",  # noqa: S608
        parameters,
    )
    for voice_id, sha256 in rows:
        await _erase_recording(execute, voice_id, sha256, gone)
        await execute(f"UPDATE voices SET {_NO_FORMER} WHERE id = ?", (voice_id,))  # noqa: S608


async def _promote_former(execute: Execute, voice_id: int, sha256: str, gone: Leftovers) -> None:
    await _erase_recording(execute, voice_id, sha256, gone)
    await execute(f"UPDATE voices SET {_PROMOTE}, damage = NULL WHERE id = ?", (voice_id,))  # noqa: S608
    await execute(f"UPDATE voices SET {_NO_FORMER} WHERE id = ?", (voice_id,))  # noqa: S608


async def _erase_recording(execute: Execute, voice_id: int, sha256: str, gone: Leftovers) -> None:
    gone.recordings += 1
    gone.hashes.add(sha256)
    await _erase_evidence(execute, "voice_id = ? AND clip_sha256 = ?", (voice_id, sha256), gone)


async def _erase_evidence(
    execute: Execute, where: str, parameters: Parameters, gone: Leftovers
) -> None:
    rows = await execute(
        f"DELETE FROM consents WHERE {where} RETURNING consent_sha256",  # noqa: S608
        parameters,
    )
    gone.evidence += len(rows)
    gone.hashes.update(row[0] for row in rows if row[0] is not None)


def _of(user_id: int, guild_id: int | None) -> tuple[str, Sequence[int]]:
    return ("AND guild_id = ?2", (user_id, guild_id)) if guild_id is not None else ("", (user_id,))
