"""Finding voices that cannot be used: for their clip, or for their row."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Mapping

from storage.clip_files import ClipFiles, clip_name
from storage.clips import glance, load_clip
from storage.connections import Execute
from storage.database import Database
from storage.errors import ConstraintError, DamagedClipError, UnknownKeyError, UnreadableClipError
from storage.rows import profile_of
from storage.sealing import KeyRing
from storage.types import VoiceProfile

_HASH = re.compile("[0-9a-f]{64}")
_PAGE = 500  # rows read at a time

log = logging.getLogger(__name__)


async def mark_damage(
    database: Database, clips: ClipFiles, keys: KeyRing, *, verify: bool
) -> list[str]:
    """Mark the rows whose clip cannot be used, unmark the others; return the unmarked hashes.

    A marked clip is always read whole before it is trusted again. Of one that is sealed by a key
    that is not there, or where the disk fails, nothing is known, so its rows stay as they are.
    Raises StorageError.
    """
    rows = await database.read("SELECT clip_sha256, max(damage) FROM voices GROUP BY clip_sha256")
    marked: dict[str, str | None] = {
        sha256: damage
        for sha256, damage in map(tuple, rows)
        if isinstance(sha256, str) and _HASH.fullmatch(sha256)
    }
    changed = await clips.run(_changed, clips, keys, marked, verify)
    usable = [
        sha256
        for sha256 in changed
        if await _mark(database, clips, keys, sha256, marked[sha256]) is None
    ]
    return [sha256 for sha256 in usable if marked[sha256] is not None]


async def damaged_voices(
    database: Database, clips: ClipFiles, keys: KeyRing, *, verify: bool
) -> tuple[VoiceProfile, ...]:
    """Return the voices that cannot be used, with the reason. Raises StorageError.

    verify: also read every clip and compare its length with what its row says, so that a row that
    came to point to the clip of another voice is found.
    """
    damaged: list[VoiceProfile] = []
    last = -1
    while rows := await database.read(
        "SELECT * FROM voices WHERE id > ? ORDER BY id LIMIT ?", (last, _PAGE)
    ):
        last = rows[-1]["id"]
        profiles = [profile_of(row) for row in rows]
        if verify:
            profiles = await clips.run(_compared, clips, keys, profiles)
        damaged += [profile for profile in profiles if profile.damage is not None]
    return tuple(damaged)


def _compared(clips: ClipFiles, keys: KeyRing, profiles: list[VoiceProfile]) -> list[VoiceProfile]:
    def compared(profile: VoiceProfile) -> VoiceProfile:
        if profile.damage is not None:
            return profile
        return dataclasses.replace(profile, damage=_mismatch(clips, keys, profile))

    return clips.each(compared, profiles)


def _mismatch(clips: ClipFiles, keys: KeyRing, profile: VoiceProfile) -> str | None:
    stored = clips.kept.clip(clip_name(profile.clip_sha256))
    try:
        seconds = load_clip(stored, profile.clip_sha256, keys).seconds
    except UnknownKeyError:
        return None
    except DamagedClipError as error:
        return str(error)
    if abs(seconds - profile.seconds) < 1e-3:
        return None
    return (
        f"Its clip {stored} has {seconds:.1f} s, but its entry in the database says "
        f"{profile.seconds:.1f} s, so it may be the clip of another voice. Restore mynah.db from a "
        "backup, or enrol the voice again."
    )


async def _mark(
    database: Database, clips: ClipFiles, keys: KeyRing, sha256: str, damage: str | None
) -> str | None:
    async def work(execute: Execute) -> str | None:
        # Read under the lock: another process may have written the file since it was looked at.
        fault = await clips.run(_fault, clips, keys, sha256, damage, True)
        await execute("UPDATE voices SET damage = ? WHERE clip_sha256 = ?", (fault, sha256))
        return fault

    try:
        return await database.write(work)
    except ConstraintError as error:
        # A damaged row cannot be changed; that it is damaged is seen whenever it is read.
        log.warning("A voice whose clip is damaged cannot be marked (%s).", error.__cause__)
        return damage


def _changed(
    clips: ClipFiles, keys: KeyRing, known: Mapping[str, str | None], verify: bool
) -> list[str]:
    def is_changed(item: tuple[str, str | None]) -> bool:
        sha256, damage = item
        # What was found by reading a clip whole, a glance does not see.
        return _fault(clips, keys, sha256, damage, verify or damage is not None) != damage

    changed = clips.each(is_changed, known.items())
    return [sha256 for sha256, differs in zip(known, changed, strict=True) if differs]


def _fault(
    clips: ClipFiles, keys: KeyRing, sha256: str, known: str | None, thorough: bool
) -> str | None:
    """Return what is wrong with a clip; what was known before, where that cannot be seen."""
    stored = clips.kept.clip(clip_name(sha256))
    try:
        if thorough:
            load_clip(stored, sha256, keys)
        else:
            glance(stored)
    except (UnknownKeyError, UnreadableClipError):
        return known
    except DamagedClipError as error:
        return str(error)
    return None
