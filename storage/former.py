"""The recording that a voice had before: it is kept for a week after it was replaced."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from storage.clips import clip_path, load_clip
from storage.database import Database, Execute
from storage.errors import NoFormerClipError, VoiceNotFoundError
from storage.recording import EncodedClip, Recording, write_file
from storage.rows import profile_of, timestamp
from storage.types import VoiceProfile
from storage.upkeep import release, remove_released

KEPT_FOR = timedelta(days=7)
"""How long a replaced recording can be brought back."""

_BATCH = 100  # voices whose former recording is forgotten in one transaction

_SET = """
UPDATE voices SET clip_sha256 = ?, seconds = ?, pitch_hz = ?, quality = ?, consented_by = ?,
                  consented_at = ?, damage = NULL
WHERE id = ? RETURNING *
"""
_SET_FORMER = """
UPDATE voices SET former_sha256 = ?, former_seconds = ?, former_pitch_hz = ?, former_quality = ?,
                  former_consented_by = ?, former_consented_at = ?, former_until = ?
WHERE id = ?
"""
_NO_RECORDING = Recording(None)


async def replace(
    database: Database,
    clips: Path,
    voice_id: int,
    encoded: EncodedClip,
    new: Recording,
    now: datetime,
) -> VoiceProfile:
    """See `VoiceStore.replace`."""

    async def work(execute: Execute) -> VoiceProfile:
        row = await _row(execute, voice_id)
        await _keep_former(execute, row, new, now)
        [replaced] = await execute(_SET, (*new.values, voice_id))
        await write_file(execute, clips, encoded)
        return profile_of(replaced)

    profile = await database.write(work)
    await remove_released(database, clips)
    return profile


async def restore(database: Database, clips: Path, voice_id: int, now: datetime) -> VoiceProfile:
    """See `VoiceStore.restore`."""

    async def work(execute: Execute) -> VoiceProfile:
        row = await _row(execute, voice_id)
        former = Recording.former_of(row)
        if former.sha256 is None or not _is_kept(row, now):
            raise NoFormerClipError(
                f"There is no earlier recording of “{profile_of(row).name}”. One is kept for "
                f"{KEPT_FOR.days} days after it was replaced."
            )
        await asyncio.to_thread(load_clip, clip_path(clips, former.sha256), former.sha256)
        await _set_former(execute, voice_id, Recording.of(profile_of(row)), now + KEPT_FOR)
        [restored] = await execute(_SET, (*former.values, voice_id))
        return profile_of(restored)

    return await database.write(work)


async def forget_expired(database: Database, clips: Path, now: datetime) -> int:
    """Remove former recordings whose time is over; return how many. Raises StorageError."""

    async def work(execute: Execute) -> int:
        rows = await execute(
            "SELECT id, former_sha256 FROM voices WHERE former_until <= ? LIMIT ?",
            (timestamp(now), _BATCH),
        )
        for row in rows:
            await release(execute, row["former_sha256"])
            await _set_former(execute, row["id"], _NO_RECORDING, None)
        return len(rows)

    forgotten = count = await database.write(work)
    while count == _BATCH:
        count = await database.write(work)
        forgotten += count
    if forgotten:
        await remove_released(database, clips)
    return forgotten


async def _keep_former(execute: Execute, row: sqlite3.Row, new: Recording, now: datetime) -> None:
    """Make a voice's recording its former one, unless that would lose one that can be used."""
    current, former = Recording.of(profile_of(row)), row["former_sha256"]
    if current.sha256 == new.sha256:
        return
    if row["damage"] is not None and former is not None and _is_kept(row, now):
        await release(execute, current.sha256)
        return
    await release(execute, former)
    await _set_former(execute, row["id"], current, now + KEPT_FOR)


async def _set_former(
    execute: Execute, voice_id: int, recording: Recording, until: datetime | None
) -> None:
    await execute(_SET_FORMER, (*recording.values, timestamp(until), voice_id))


async def _row(execute: Execute, voice_id: int) -> sqlite3.Row:
    rows = await execute("SELECT * FROM voices WHERE id = ?", (voice_id,))
    if not rows:
        raise VoiceNotFoundError("That voice does not exist any more.")
    return rows[0]


def _is_kept(row: sqlite3.Row, now: datetime) -> bool:
    until = profile_of(row).former_until
    return until is not None and now < until
