"""Adding, renaming and deleting voices: their rows together with the files that belong to them."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from storage import consents, lookup, upkeep
from storage.database import Database, Execute
from storage.errors import NameTakenError, StorageError, VoiceNotFoundError
from storage.names import clean_name, name_key
from storage.recording import encode, write_file
from storage.rows import profile_of, timestamp, to_json
from storage.sealing import KeyRing
from storage.types import NewConsent, NewVoice, ReferenceClip, VoiceProfile

_INSERT = """
INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, language, owner_id,
                    consented_by, consented_at, pitch_hz, quality, created_at, level, reach)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING *
"""

log = logging.getLogger(__name__)


async def add(
    database: Database,
    clips: Path,
    voice: NewVoice,
    clip: ReferenceClip,
    consent: NewConsent | None,
    keys: KeyRing,
) -> VoiceProfile:
    """See `VoiceStore.add`."""
    name = clean_name(voice.name)
    encoded = await encode(clip, keys)
    agreed = await consents.prepare(database, consent, keys)
    values = (
        voice.guild_id, name, name_key(name), encoded.sha256, clip.seconds, voice.language,
        voice.owner_id, voice.consented_by, timestamp(voice.consented_at), voice.pitch_hz,
        to_json(voice.quality), timestamp(datetime.now(UTC)), voice.level, voice.reach,
    )  # fmt: skip

    async def work(execute: Execute) -> VoiceProfile:
        with _unique(name):
            [row] = await execute(_INSERT, values)
        await lookup.index_words(execute, row)
        await write_file(execute, clips, encoded)
        await consents.put(execute, clips, row["id"], encoded.sha256, agreed)
        return profile_of(row)

    await upkeep.announce(database, encoded.sha256)
    return await database.write(work)


async def rename(database: Database, voice_id: int, name: str) -> VoiceProfile:
    """See `VoiceStore.rename`."""
    cleaned = clean_name(name)

    async def work(execute: Execute) -> VoiceProfile:
        with _unique(cleaned):
            rows = await execute(
                "UPDATE voices SET name = ?, name_key = ? WHERE id = ? RETURNING *",
                (cleaned, name_key(cleaned), voice_id),
            )
        renamed = only(rows)
        await lookup.index_words(execute, rows[0])
        return renamed

    return await database.write(work)


async def delete(database: Database, clips: Path, voice_id: int) -> None:
    """See `VoiceStore.delete`."""

    async def work(execute: Execute) -> list[str]:
        released = await consents.take_all(execute, voice_id)
        rows = await execute("DELETE FROM voices WHERE id = ? RETURNING *", (voice_id,))
        only(rows)
        hashes = [rows[0]["clip_sha256"], rows[0]["former_sha256"]]
        return released + [sha256 for sha256 in hashes if await upkeep.release(execute, sha256)]

    released = await database.write_urgently(work)
    try:
        await upkeep.remove_released(database, clips, released)
    except StorageError as error:
        log.warning("Files of a deleted voice are removed at the next start: %s", error)
    await database.keep_reserve()


def only(rows: list[sqlite3.Row]) -> VoiceProfile:
    """Return the one voice of `rows`. Raises VoiceNotFoundError if there is none."""
    if not rows:
        raise VoiceNotFoundError("That voice does not exist any more.")
    return profile_of(rows[0])


@contextlib.contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise NameTakenError(
            "There is already a voice named “{name}” here. Choose another name.", name=name
        ) from error
