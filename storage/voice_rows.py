"""Adding, renaming and deleting voices: their rows together with the files that belong to them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime

from storage import audit, consents, lookalikes, lookup, upkeep
from storage.audit_events import Consented, Deleted, Enrolled, Renamed, Tuned, about_voice
from storage.audit_rows import By, member_or_operator
from storage.clip_files import ClipFiles
from storage.connections import Execute, Row
from storage.database import Database
from storage.errors import ConstraintError, NameTakenError, StorageError, VoiceNotFoundError
from storage.names import clean_name, name_key
from storage.quotas import EnrolmentQuotas, require_enrolment, require_voice
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
    clips: ClipFiles,
    voice: NewVoice,
    clip: ReferenceClip,
    consent: NewConsent | None,
    keys: KeyRing,
    quotas: EnrolmentQuotas | None = None,
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
        if quotas is not None:
            await require_voice(execute, voice.guild_id, voice.owner_id, quotas)
            await require_enrolment(execute, clips, voice.guild_id, voice.owner_id, quotas,
                                    len(encoded.content))  # fmt: skip
        await lookalikes.refuse(execute, voice.guild_id, name)
        with _unique(name):
            [row] = await execute(_INSERT, values)
        await lookup.index_words(execute, row)
        await write_file(execute, clips, encoded)
        await consents.put(execute, clips, row["id"], encoded.sha256, agreed)
        profile = profile_of(row)
        await _tell_enrolled(execute, profile)
        return profile

    await upkeep.announce(database, encoded.sha256)
    return await database.write(work)


async def _tell_enrolled(execute: Execute, voice: VoiceProfile) -> None:
    about = about_voice(voice)
    by = member_or_operator(voice.consented_by)
    enrolled = Enrolled(by=by, **about, level=voice.level, reach=voice.reach)
    await audit.tell(execute, voice.guild_id, enrolled)
    if voice.consented_by is not None:
        await audit.tell(execute, voice.guild_id, Consented(by=by, **about, level=voice.level))


async def rename(database: Database, voice_id: int, name: str, by: By) -> VoiceProfile:
    """See `VoiceStore.rename`."""
    cleaned = clean_name(name)

    async def work(execute: Execute) -> VoiceProfile:
        before = only(await execute("SELECT * FROM voices WHERE id = ?", (voice_id,)))
        await lookalikes.refuse(execute, before.guild_id, cleaned, voice_id)
        with _unique(cleaned):
            rows = await execute(
                "UPDATE voices SET name = ?, name_key = ? WHERE id = ? RETURNING *",
                (cleaned, name_key(cleaned), voice_id),
            )
        renamed = only(rows)
        await lookup.index_words(execute, rows[0])
        if renamed.name != before.name:
            event = Renamed(by=by, **about_voice(renamed), former_name=before.name)
            await audit.tell(execute, renamed.guild_id, event)
        return renamed

    return await database.write(work)


async def tune(
    database: Database, voice_id: int, settings: Mapping[str, float | str | None], by: By
) -> VoiceProfile:
    """See `VoiceStore.tune`. settings: by column."""
    columns = ", ".join(f"{name} = ?" for name in settings)

    async def work(execute: Execute) -> VoiceProfile:
        before = only(await execute("SELECT * FROM voices WHERE id = ?", (voice_id,)))
        sql = f"UPDATE voices SET {columns} WHERE id = ? RETURNING *"  # noqa: S608 - our own names
        tuned = only(await execute(sql, (*settings.values(), voice_id)))
        changed = {n: value for n, value in settings.items() if getattr(before, n) != value}
        if changed:
            event = Tuned(by=by, **about_voice(tuned), settings=changed)
            await audit.tell(execute, tuned.guild_id, event)
        return tuned

    return await database.write(work)


async def delete(
    database: Database, clips: ClipFiles, voice_id: int, by: By, gone: Callable[[], Awaitable[None]]
) -> None:
    """See `VoiceStore.delete`."""

    async def work(execute: Execute) -> list[str]:
        released = await consents.take_all(execute, voice_id)
        rows = await execute("DELETE FROM voices WHERE id = ? RETURNING *", (voice_id,))
        voice = only(rows)
        event = Deleted(by=by, **about_voice(voice))
        await audit.tell(execute, voice.guild_id, event)
        hashes = [rows[0]["clip_sha256"], rows[0]["former_sha256"]]
        return released + [sha256 for sha256 in hashes if await upkeep.release(execute, sha256)]

    released = await database.write_urgently(work)
    await asyncio.gather(gone(), _remove_files(database, clips, released))


async def _remove_files(database: Database, clips: ClipFiles, released: list[str]) -> None:
    try:
        await upkeep.remove_released(database, clips, released)
    except StorageError as error:
        log.warning("Files of a deleted voice are removed at the next start: %s", error)
    await database.keep_reserve()


def only(rows: list[Row]) -> VoiceProfile:
    """Return the one voice of `rows`. Raises VoiceNotFoundError if there is none."""
    if not rows:
        raise VoiceNotFoundError("That voice does not exist any more.")
    return profile_of(rows[0])


@contextlib.contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        yield
    except ConstraintError as error:
        if not error.unique:
            raise
        raise NameTakenError(
            "There is already a voice named “{name}” here. Choose another name.", name=name
        ) from error
