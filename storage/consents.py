"""The evidence of consents: each belongs to one recording of one voice, and goes with it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.clip_files import ClipFiles, clip_name
from storage.clips import glance, load_clip
from storage.connections import Execute, Row
from storage.database import Database
from storage.errors import BrokenSealError, StorageError, UnknownKeyError
from storage.recording import EncodedClip, encode, write_file
from storage.rows import timestamp, to_json
from storage.sealing import KeyRing, evidence_context
from storage.texts import excerpt, whose
from storage.types import Consent, NewConsent
from storage.upkeep import announce, release

_INSERT = "INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?)"
_TAKE = "DELETE FROM consents WHERE voice_id = ? AND clip_sha256 = ? RETURNING consent_sha256"
_TAKE_ALL = "DELETE FROM consents WHERE voice_id = ? RETURNING consent_sha256"
_TAKE_UNUSED = """
DELETE FROM consents WHERE voice_id = ?1 AND clip_sha256 NOT IN (
    SELECT clip_sha256 FROM voices WHERE id = ?1
    UNION ALL SELECT former_sha256 FROM voices WHERE id = ?1 AND former_sha256 IS NOT NULL
) RETURNING consent_sha256
"""


@dataclass(frozen=True, slots=True)
class EncodedConsent:
    """A consent as its row and its file hold it. clip: None where no sentence was recorded.

    keys: what the record will be sealed with when it is written.
    """

    member_id: int
    given_at: str
    record: bytes
    clip: EncodedClip | None
    keys: KeyRing


async def prepare(
    database: Database, consent: NewConsent | None, keys: KeyRing
) -> EncodedConsent | None:
    """Encode a consent and announce its clip, before the transaction that stores it.

    Raises ValueError for a clip that breaks the contract of ReferenceClip or a record that is no
    JSON; StorageError.
    """
    if consent is None:
        return None
    clip = await encode(consent.clip, keys) if consent.clip is not None else None
    record = (to_json(consent.record) or "{}").encode()
    if clip is not None:
        await announce(database, clip.sha256)
    given_at = timestamp(consent.given_at)
    assert given_at is not None, "a consent was given at some time"
    return EncodedConsent(consent.member_id, given_at, record, clip, keys)


async def put(
    execute: Execute, clips: ClipFiles, voice_id: int, sha256: str, consent: EncodedConsent | None
) -> list[str]:
    """Store the consent to a recording instead of the one to it, in the recording's transaction.

    None: the one that there was goes. Return the hashes of clips that were released by that.
    """
    released = await _release(execute, await execute(_TAKE, (voice_id, sha256)))
    if consent is None:
        return released
    clip = consent.clip
    context = evidence_context(voice_id, sha256)
    record = await asyncio.to_thread(consent.keys.seal, consent.record, context)
    row = (consent.member_id, consent.given_at, clip.sha256 if clip else None, record)
    await execute(_INSERT, (voice_id, sha256, *row))
    if clip is not None:
        await write_file(execute, clips, clip)
    return [other for other in released if clip is None or other != clip.sha256]


async def take_unused(execute: Execute, voice_id: int) -> list[str]:
    """Delete consents to recordings that a voice has no more; return the released clips' hashes."""
    return await _release(execute, await execute(_TAKE_UNUSED, (voice_id,)))


async def take_all(execute: Execute, voice_id: int) -> list[str]:
    """Delete all consents of a voice, before its row; return the released clips' hashes."""
    return await _release(execute, await execute(_TAKE_ALL, (voice_id,)))


async def consent_of(
    database: Database, voice_id: int, clip_sha256: str, keys: KeyRing
) -> Consent | None:
    """See `VoiceStore.consent_of`."""
    rows = await database.read(
        "SELECT * FROM consents WHERE voice_id = ? AND clip_sha256 = ?", (voice_id, clip_sha256)
    )
    return await asyncio.to_thread(_consent, rows[0], keys) if rows else None


async def consents_of(database: Database, voice_id: int, keys: KeyRing) -> list[Consent]:
    """See `VoiceStore.consents_of`."""
    sql = "SELECT * FROM consents WHERE voice_id = ? ORDER BY given_at"
    rows = await database.read(sql, (voice_id,))
    return await asyncio.to_thread(lambda: [_consent(row, keys) for row in rows])


async def damaged(
    database: Database, clips: ClipFiles, keys: KeyRing, *, verify: bool
) -> tuple[str, ...]:
    """Return which evidence cannot be used and why, a sentence each. Raises StorageError.

    verify: read records and clips whole; else look whether the clips are there. What is sealed with
    a key that is missing is not reported: whether keys are missing is asked elsewhere.
    """
    rows = await database.read(
        "SELECT consents.*, name, guild_id FROM consents JOIN voices ON voices.id = voice_id"
        " ORDER BY voice_id, given_at"
    )
    found = await clips.run(clips.each, lambda row: _damage(row, clips, keys, verify), rows)
    return tuple(filter(None, found))


def _damage(row: Row, clips: ClipFiles, keys: KeyRing, verify: bool) -> str | None:
    sha256 = row["consent_sha256"]
    try:
        if verify:
            _consent(row, keys)
        if sha256 is not None:
            stored = clips.kept.clip(clip_name(sha256))
            _ = load_clip(stored, sha256, keys) if verify else glance(stored)
    except UnknownKeyError:
        return None
    except StorageError as error:
        return f"“{excerpt(str(row['name']), 80)}” ({whose(row['guild_id'])}): {error}"
    return None


async def _release(execute: Execute, rows: list[Row]) -> list[str]:
    hashes = [row["consent_sha256"] for row in rows]
    return [sha256 for sha256 in hashes if await release(execute, sha256)]


def _consent(row: Row, keys: KeyRing) -> Consent:
    """Return a row as what it holds. Raises StorageError if it cannot be read."""
    context = evidence_context(row["voice_id"], row["clip_sha256"])
    try:
        record = keys.open_sealed(row["record"], context)
    except (UnknownKeyError, BrokenSealError) as error:
        raise type(error)(f"The evidence of a consent cannot be read: {error}.") from error
    try:
        return Consent(
            row["voice_id"], row["clip_sha256"], row["member_id"],
            datetime.fromisoformat(row["given_at"]), row["consent_sha256"], _record(record),
        )  # fmt: skip
    except (ValueError, TypeError, RecursionError) as error:
        raise StorageError(
            "The evidence of a consent is damaged in the database. Restore mynah.db from a backup."
        ) from error


def _record(content: bytes) -> dict[str, Any]:
    record = json.loads(content)
    if not isinstance(record, dict):
        raise TypeError
    return record
