"""Keeping rows and clip files in step: what a crash, a deletion or a lost disk leaves behind.

Every change of a file happens under SQLite's write lock, also in other processes. So under the lock
a clip file without a row is nobody's, and a temporary file is a dead writer's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from storage.clips import CLIP_SUFFIX, TEMPORARY_SUFFIX, clip_path, glance, load_clip
from storage.database import Database, Execute
from storage.errors import DamagedClipError, StorageError

# Other files are left alone: we remove only what we wrote.
_CLIP_NAME = re.compile(rf"([0-9a-f]{{64}}){re.escape(CLIP_SUFFIX)}")
_NEEDED = """
SELECT clip_sha256 FROM voices
UNION SELECT former_sha256 FROM voices WHERE former_sha256 IS NOT NULL
"""
_IS_NEEDED = """
SELECT 1 FROM voices WHERE clip_sha256 = ?1
UNION ALL SELECT 1 FROM voices WHERE former_sha256 = ?1 LIMIT 1
"""
_BATCH = 500  # files removed in one transaction, so that no other process waits long


async def sweep(database: Database, clips: Path) -> list[str]:
    """Remove the files that no row needs; return their names. Raises StorageError."""
    found = await asyncio.to_thread(_list_files, clips)
    needed = {row[0] for row in await database.read(_NEEDED)}
    suspects = [name for name in found if _hash_of(name) not in needed]
    swept: list[str] = []
    for start in range(0, len(suspects), _BATCH):
        swept += await remove_unneeded(database, clips, suspects[start : start + _BATCH])
    return swept


async def release(execute: Execute, sha256: str | None) -> None:
    """Note that a row does not need its clip any more, in the transaction that changes the row."""
    if sha256 is not None:
        await execute("INSERT OR IGNORE INTO unneeded_clips VALUES (?)", (sha256,))


async def remove_released(database: Database, clips: Path) -> None:
    """Remove the files of clips that were released, unless another voice needs them."""
    rows = await database.read("SELECT clip_sha256 FROM unneeded_clips LIMIT ?", (_BATCH,))
    released = [row[0] for row in rows]
    await remove_unneeded(database, clips, [clip_path(clips, sha256).name for sha256 in released])

    async def work(execute: Execute) -> None:
        for sha256 in released:
            await execute("DELETE FROM unneeded_clips WHERE clip_sha256 = ?", (sha256,))

    await database.write(work)


async def remove_unneeded(database: Database, clips: Path, names: Iterable[str]) -> list[str]:
    """Remove those of the named files that no row needs; return their names.

    Raises StorageError if a file cannot be removed; a later sweep tries again.
    """

    async def work(execute: Execute) -> list[str]:
        unneeded = [name for name in names if not await _is_needed(execute, name)]
        return await asyncio.to_thread(_remove, clips, unneeded)

    return await database.write(work)


async def mark_damage(database: Database, clips: Path, *, verify: bool) -> list[str]:
    """Mark the rows whose clip cannot be used, unmark the others; return the unmarked hashes.

    A marked clip is always read whole before it is trusted again. Raises StorageError.
    """
    rows = await database.read("SELECT clip_sha256, max(damage) FROM voices GROUP BY clip_sha256")
    marked: dict[str, str | None] = dict(map(tuple, rows))
    changed = await asyncio.to_thread(_changed, clips, marked, verify)
    usable = [sha256 for sha256 in changed if await _mark(database, clips, sha256) is None]
    return [sha256 for sha256 in usable if marked[sha256] is not None]


async def _mark(database: Database, clips: Path, sha256: str) -> str | None:
    async def work(execute: Execute) -> str | None:
        # Read under the lock: another process may have written the file since it was looked at.
        fault = await asyncio.to_thread(_fault, clips, sha256, True)
        await execute("UPDATE voices SET damage = ? WHERE clip_sha256 = ?", (fault, sha256))
        return fault

    return await database.write(work)


def _changed(clips: Path, known: Mapping[str, str | None], verify: bool) -> list[str]:
    return [
        sha256
        for sha256, damage in known.items()
        # What was found by reading a clip whole, a glance does not see.
        if _fault(clips, sha256, thorough=verify or damage is not None) != damage
    ]


def _fault(clips: Path, sha256: str, thorough: bool) -> str | None:
    path = clip_path(clips, sha256)
    try:
        if thorough:
            load_clip(path, sha256)
        else:
            glance(path)
    except DamagedClipError as error:
        return str(error)
    return None


def _list_files(clips: Path) -> list[str]:
    try:
        names = [path.name for path in clips.iterdir()]
    except OSError as error:
        raise StorageError(
            f"The directory {clips} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    return sorted(n for n in names if _CLIP_NAME.fullmatch(n) or n.endswith(TEMPORARY_SUFFIX))


def _hash_of(name: str) -> str | None:
    match = _CLIP_NAME.fullmatch(name)
    return match[1] if match else None


async def _is_needed(execute: Execute, name: str) -> bool:
    sha256 = _hash_of(name)
    return bool(await execute(_IS_NEEDED, (sha256,)))


def _remove(clips: Path, names: Iterable[str]) -> list[str]:
    removed = []
    for name in names:
        try:
            (clips / name).unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(
                f"{clips / name} is not needed any more but cannot be removed ({error.strerror}). "
                "Check the directory's permissions; the next start tries again."
            ) from error
        removed.append(name)
    return removed
