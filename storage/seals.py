"""What is sealed, and by which keys: counted over all recordings and all evidence."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from storage.clip_files import ClipFiles
from storage.clips import StoredClip, glance
from storage.database import Database
from storage.errors import DamagedClipError
from storage.lost import recordings
from storage.sealing import HEADER_BYTES, KeyRing, sealing_key

_EVIDENCE = f"SELECT substr(record, 1, {HEADER_BYTES}) FROM consents"  # noqa: S608  # a number
_TRAILS = f"SELECT substr(seal, 1, {HEADER_BYTES}) FROM audit_chains WHERE seal IS NOT NULL"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Seals:
    """How many recordings and records of consent are sealed.

    plain: not sealed. newest: by the key that seals; older: by others of the ring. unknown: by the
    ids of keys that are not there.
    """

    plain: int
    newest: int
    older: int
    unknown: dict[str, int]

    @property
    def unreadable(self) -> int:
        """How many are sealed by keys that are not there."""
        return sum(self.unknown.values())

    @property
    def wrong_key(self) -> bool:
        """Whether something is sealed and none of it can be opened."""
        return bool(self.unknown) and not self.newest + self.older

    @property
    def to_seal(self) -> int:
        """How many the newest key does not seal yet, and could."""
        return self.plain + self.older


async def count_seals(database: Database, clips: ClipFiles, keys: KeyRing) -> Seals:
    """Look at the beginning of everything that may be sealed. Raises StorageError."""
    by_key, _ = await used_keys(database, clips)
    plain = by_key.pop(None, 0)
    counts = {name: count for name, count in by_key.items() if name is not None}
    known = await asyncio.to_thread(lambda: {name for name in counts if keys.knows(name)})
    newest = counts.pop(keys.newest, 0) if keys.newest is not None else 0
    older = sum(counts.pop(name) for name in known & counts.keys())
    return Seals(plain, newest, older, counts)


async def used_keys(database: Database, clips: ClipFiles) -> tuple[Counter[str | None], int]:
    """Count what is sealed by each key; None: what is not sealed.

    Return also how many files could not be read. Raises StorageError.
    """
    counts = Counter(sealing_key(bytes(row[0])) for row in await database.read(_EVIDENCE))
    of_files, unread = await clips.run(_of_files, clips)
    return counts + of_files, unread


async def needed_keys(database: Database, clips: ClipFiles) -> tuple[set[str | None], int]:
    """Return by which keys anything is sealed, also the audit trails' ends; and as `used_keys`."""
    used, unread = await used_keys(database, clips)
    trails = await database.read(_TRAILS)
    return {*used, *(sealing_key(bytes(row[0])) for row in trails)}, unread


def _of_files(clips: ClipFiles) -> tuple[Counter[str | None], int]:
    stored = [folder.clip(name) for folder, name in recordings(clips)]
    counts: Counter[str | None] = Counter()
    unread = 0
    for seal in clips.each(_seal_of, stored):
        if isinstance(seal, DamagedClipError):
            unread += isinstance(seal.__cause__, OSError)
        else:
            counts[seal] += 1
    return counts, unread


def _seal_of(stored: StoredClip) -> str | DamagedClipError | None:
    try:
        return glance(stored)
    except DamagedClipError as error:
        return error
