"""The recording that a voice had before: it is kept for a week after it was replaced."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from storage import audit, consents
from storage.audit_events import Consented, Replaced, Restored, about_voice
from storage.audit_rows import By, member_or_operator
from storage.clip_files import ClipFiles, clip_name
from storage.clips import load_clip
from storage.connections import Execute, Row
from storage.database import Database
from storage.errors import NoFormerClipError, StorageError, VoiceNotFoundError
from storage.quotas import EnrolmentQuotas, require_enrolment
from storage.recording import EncodedClip, Recording, write_file
from storage.rows import NO_CLIP, profile_of, timestamp
from storage.sealing import KeyRing
from storage.types import NewConsent, VoiceProfile
from storage.upkeep import announce, release, remove_released
from storage.usage import forget_uploads

KEPT_FOR = timedelta(days=7)
"""How long a replaced recording can be brought back."""

INTERVAL_SECONDS = 3600.0
"""How often an open store removes what has expired."""

_BATCH = 100  # voices whose former recording is forgotten in one transaction

_SET = """
UPDATE voices SET clip_sha256 = ?, seconds = ?, pitch_hz = ?, quality = ?, consented_by = ?,
                  consented_at = ?, level = ?, damage = NULL
WHERE id = ? RETURNING *
"""
_SET_FORMER = """
UPDATE voices SET former_sha256 = ?, former_seconds = ?, former_pitch_hz = ?, former_quality = ?,
                  former_consented_by = ?, former_consented_at = ?, former_level = ?,
                  former_until = ?
WHERE id = ?
"""
_NO_RECORDING = Recording(None)

log = logging.getLogger(__name__)


async def replace(
    database: Database,
    clips: ClipFiles,
    voice_id: int,
    encoded: EncodedClip,
    new: Recording,
    now: datetime,
    consent: NewConsent | None,
    quotas: EnrolmentQuotas | None = None,
) -> VoiceProfile:
    """See `VoiceStore.replace`."""
    agreed = await consents.prepare(database, consent, encoded.keys)

    async def work(execute: Execute) -> tuple[VoiceProfile, list[str]]:
        row = await _row(execute, voice_id)
        if quotas is not None:
            await require_enrolment(execute, clips, row["guild_id"], new.consented_by, quotas,
                                    len(encoded.content))  # fmt: skip
        unneeded = await _keep_former(execute, row, new, now)
        [replaced] = await execute(_SET, (*new.values, voice_id))
        await write_file(execute, clips, encoded)
        released = await consents.put(execute, clips, voice_id, encoded.sha256, agreed)
        released += await consents.take_unused(execute, voice_id)
        await _tell_replaced(execute, profile_of(replaced))
        return profile_of(replaced), [*([unneeded] if unneeded else []), *released]

    await announce(database, encoded.sha256)
    profile, released = await database.write(work)
    await remove_released(database, clips, released)
    return profile


async def _tell_replaced(execute: Execute, voice: VoiceProfile) -> None:
    about = about_voice(voice)
    by = member_or_operator(voice.consented_by)
    await audit.tell(execute, voice.guild_id, Replaced(by=by, **about, level=voice.level))
    if voice.consented_by is not None:
        await audit.tell(execute, voice.guild_id, Consented(by=by, **about, level=voice.level))


async def restore(
    database: Database, clips: ClipFiles, voice_id: int, now: datetime, keys: KeyRing, by: By
) -> VoiceProfile:
    """See `VoiceStore.restore`."""

    async def work(execute: Execute) -> VoiceProfile:
        row = await _row(execute, voice_id)
        former = Recording.former_of(row)
        if former.sha256 is None or not _is_kept(row, now):
            raise NoFormerClipError(
                "There is no earlier recording of “{name}”. One is kept for {days} days after it "
                "was replaced.",
                name=profile_of(row).name,
                days=KEPT_FOR.days,
            )
        stored = clips.kept.clip(clip_name(former.sha256))
        await clips.run(load_clip, stored, former.sha256, keys)
        current = profile_of(row)
        kept = Recording.of(current) if current.clip_sha256 != NO_CLIP else _NO_RECORDING
        until = now + KEPT_FOR if kept.sha256 else None
        await _set_former(execute, voice_id, kept, until)
        [restored] = await execute(_SET, (*former.values, voice_id))
        voice = profile_of(restored)
        event = Restored(by=by, **about_voice(voice), level=voice.level)
        await audit.tell(execute, voice.guild_id, event)
        return voice

    return await database.write(work)


async def forget_expired(database: Database, clips: ClipFiles, now: datetime) -> int:
    """Remove former recordings whose time is over; return how many. Raises StorageError."""

    async def work(execute: Execute) -> tuple[int, list[str]]:
        hashes: list[str] = []
        rows = await execute(
            "SELECT id, former_sha256 FROM voices WHERE former_until <= ? LIMIT ?",
            (timestamp(now), _BATCH),
        )
        for row in rows:
            hashes.append(row["former_sha256"])
            await release(execute, row["former_sha256"])
            await _set_former(execute, row["id"], _NO_RECORDING, None)
            hashes += await consents.take_unused(execute, row["id"])
        return len(rows), hashes

    forgotten = 0
    while (found := await database.write(work))[0]:
        await remove_released(database, clips, found[1])
        forgotten += found[0]
    return forgotten


@asynccontextmanager
async def forgetting(database: Database, clips: ClipFiles) -> AsyncIterator[None]:
    """Remove what has expired every `INTERVAL_SECONDS` while the context is open."""
    task = asyncio.create_task(_forget_regularly(database, clips))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _forget_regularly(database: Database, clips: ClipFiles) -> None:
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        try:
            await forget_expired(database, clips, datetime.now(UTC))
            await forget_uploads(database, datetime.now(UTC))
        except StorageError as error:
            log.warning("Expired recordings are removed later: %s", error)


async def _keep_former(execute: Execute, row: Row, new: Recording, now: datetime) -> str | None:
    """Make a voice's recording its former one, unless that would lose one that can be used.

    Return the hash of the one that is not kept, if any.
    """
    profile = profile_of(row)
    unneeded: str | None = row["former_sha256"]
    if profile.clip_sha256 == new.sha256:
        return None
    if profile.damage is None or unneeded is None or not _is_kept(row, now):
        kept = Recording.of(profile) if profile.clip_sha256 != NO_CLIP else _NO_RECORDING
        until = now + KEPT_FOR if kept.sha256 else None
        await _set_former(execute, row["id"], kept, until)
    else:
        unneeded = profile.clip_sha256
    await release(execute, unneeded)
    return unneeded


async def _set_former(
    execute: Execute, voice_id: int, recording: Recording, until: datetime | None
) -> None:
    await execute(_SET_FORMER, (*recording.values, timestamp(until), voice_id))


async def _row(execute: Execute, voice_id: int) -> Row:
    rows = await execute("SELECT * FROM voices WHERE id = ?", (voice_id,))
    if not rows:
        raise VoiceNotFoundError("That voice does not exist any more.")
    return rows[0]


def _is_kept(row: Row, now: datetime) -> bool:
    until = profile_of(row).former_until
    return until is not None and now < until
