"""Keeping rows and clip files in step: what a crash, a deletion or a lost disk leaves behind.

Every change of a file happens under SQLite's write lock, also in other processes. So under the lock
a temporary file is a dead writer's, and a clip without a row is one of two: its hash is among
`unneeded_clips`, because its voice was being added or was deleted, and it is removed; or nobody
knows why it has no row, and it is moved to lost/.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ParamSpec

from storage import lost
from storage.clip_files import ClipFiles, ClipFolder, clip_name, unlistable
from storage.clips import CLIP_SUFFIX, TEMPORARY_SUFFIX
from storage.connections import Execute
from storage.database import Database
from storage.errors import StorageError
from storage.sealing import KeyRing

# Other files are left alone: we remove only what we wrote.
_CLIP_NAME = re.compile(rf"([0-9a-f]{{64}}){re.escape(CLIP_SUFFIX)}")
_NEEDED = """
SELECT clip_sha256 FROM voices
UNION SELECT former_sha256 FROM voices WHERE former_sha256 IS NOT NULL
UNION SELECT consent_sha256 FROM consents WHERE consent_sha256 IS NOT NULL
"""
_IS_NEEDED = """
SELECT 1 FROM voices WHERE clip_sha256 = ?1
UNION ALL SELECT 1 FROM voices WHERE former_sha256 = ?1
UNION ALL SELECT 1 FROM consents WHERE consent_sha256 = ?1 LIMIT 1
"""
_BATCH = 500  # files changed in one transaction, so that no other process waits long

P = ParamSpec("P")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """Names of files that were changed.

    removed: of voices that were deleted or never added; moved: to lost/, because nobody knows why
    they have no row; returned: from lost/, because a voice needs them.
    """

    removed: tuple[str, ...]
    moved: tuple[str, ...]
    returned: tuple[str, ...]


async def sweep(database: Database, clips: ClipFiles, keys: KeyRing) -> Swept:
    """Remove, move and bring back clips, so that clips/ holds what rows need.

    Raises StorageError if clips/ or the database cannot be read. A file that cannot be changed
    stays, and the log says so.
    """
    removed = await remove_released(database, clips, await _released(database))
    found = await clips.run(_list_files, clips)
    needed = {row[0] for row in await database.read(_NEEDED)}
    present = {_hash_of(name) for name in found}
    temporaries = [name for name in found if _hash_of(name) is None]
    removed += await _in_batches(database, temporaries, _discard(clips, clips.kept))
    unfinished = await clips.run(_listed, clips.lost, lost.list_unfinished, clips)
    removed += await _in_batches(database, unfinished, _discard(clips, clips.lost))
    orphans = [name for name in found if _hash_of(name) not in needed | {None}]
    moved = await _in_batches(database, orphans, _move(clips))
    missing = [clip_name(sha256) for sha256 in needed - present]
    back = [name for name in missing if _hash_of(name)]
    returned = await _in_batches(database, back, _return(clips, keys))
    return Swept(tuple(sorted(removed)), tuple(moved), tuple(sorted(returned)))


async def refuse_foreign(database: Database, clips: ClipFiles) -> None:
    """Raise StorageError where clips are there and none is known: they would all be moved.

    Only such a place can be another database's, or have lost its own, which does not lie beside it.
    """
    if not clips.apart:
        return
    present = {_hash_of(name) for name in await clips.run(_list_files, clips)} - {None}
    known = {row[0] for row in await database.read(_NEEDED)} | set(await _released(database))
    if present and not present & known:
        raise StorageError(
            f"{clips.kept} holds {len(present)} recordings, of which the database knows none. "
            "Check clips in [storage]: each Mynah needs a prefix of its own. If the database was "
            "lost, restore it."
        )


async def look(database: Database, clips: ClipFiles) -> Swept:
    """Return what `sweep` would change, as far as that is seen without reading recordings.

    returned: what rows need and only lost/ has. Raises StorageError.
    """
    found = await clips.run(_list_files, clips)
    needed = {row[0] for row in await database.read(_NEEDED)}
    released = set(await _released(database))
    hashes = {name: _hash_of(name) for name in found}
    unneeded = [name for name in found if hashes[name] not in needed | {None}]
    removed = [name for name in found if hashes[name] is None or hashes[name] in released - needed]
    unfinished = await clips.run(_listed, clips.lost, lost.list_unfinished, clips)
    missing = sorted(h for h in needed - set(hashes.values()) if _hash_of(clip_name(h)))
    copies = await clips.run(_listed, clips.lost, lost.copies, clips)
    there = {copy.partition(".")[0] for copy in copies}
    returned = [sha256 for sha256 in missing if sha256 in there]
    moved = [name for name in unneeded if hashes[name] not in released]
    return Swept(tuple(removed + unfinished), tuple(moved), tuple(returned))


async def announce(database: Database, sha256: str) -> None:
    """Note that a clip is going to be written, so that a crash before its row is recognised."""
    await database.write(lambda execute: release(execute, sha256))


async def release(execute: Execute, sha256: str | None) -> bool:
    """Note that a row does not need its clip any more, in the transaction that changes the row.

    Return whether there is such a clip: None is no hash, and a damaged row may hold anything.
    """
    if _hash_of(clip_name(sha256 or "")) is None:
        return False
    await execute("INSERT INTO unneeded_clips VALUES (?) ON CONFLICT DO NOTHING", (sha256,))
    return True


async def claim(execute: Execute, sha256: str) -> None:
    """Note that a row needs a clip, in the transaction that makes the row."""
    await execute("DELETE FROM unneeded_clips WHERE clip_sha256 = ?", (sha256,))


async def remove_released(database: Database, clips: ClipFiles, hashes: Sequence[str]) -> list[str]:
    """Remove the files of clips that were released, unless a row needs them; return their names.

    A file that cannot be removed is tried again at the next start, and the log says so.
    """

    async def discard(execute: Execute, name: str) -> bool:
        sha256 = name.removesuffix(CLIP_SUFFIX)
        gone = False
        if not await _is_needed(execute, sha256):
            try:
                await clips.run(lost.remove_copies, clips, sha256)
                gone = await clips.run(clips.kept.delete, name)
            except OSError as error:
                _log_kept(clips.kept, error)
                return False
        await claim(execute, sha256)
        return gone

    names = [clip_name(sha256) for sha256 in hashes]
    return await _in_batches(database, names, discard)


async def count_released(database: Database, hashes: Sequence[str]) -> int:
    """Return how many of these clips could not be removed yet."""
    released = set(await _released(database))
    return len(released.intersection(hashes))


Change = Callable[[Execute, str], Awaitable[bool]]
"""Changes a file under the lock, if it still should be, and says whether it did."""


async def _in_batches(database: Database, names: Sequence[str], change: Change) -> list[str]:
    """Return the names of the files that were changed."""
    changed: list[str] = []
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]

        async def work(execute: Execute, batch: Iterable[str] = batch) -> list[str]:
            return [name for name in batch if await change(execute, name)]

        changed += await database.write(work)
    return changed


def _discard(clips: ClipFiles, folder: ClipFolder) -> Change:
    async def discard(_execute: Execute, name: str) -> bool:
        try:
            return await clips.run(folder.delete, name)
        except OSError as error:
            _log_kept(folder, error)
            return False

    return discard


def _move(clips: ClipFiles) -> Change:
    failed = False

    async def move(execute: Execute, name: str) -> bool:
        nonlocal failed
        sha256 = _hash_of(name) or ""
        # Looked at again under the lock: a voice may have been added or deleted meanwhile.
        if failed or await _is_needed(execute, sha256) or await _is_released(execute, sha256):
            return False
        try:
            return await clips.run(lost.move, clips, name)
        except OSError as error:
            failed = True  # so will be the others
            log.warning("Recordings without a voice cannot be moved to %s (%s). They stay in %s.",
                        clips.lost, error.strerror, clips.kept)  # fmt: skip
            return False

    return move


def _return(clips: ClipFiles, keys: KeyRing) -> Change:
    async def take_back(execute: Execute, name: str) -> bool:
        sha256 = _hash_of(name) or ""
        if not await _is_needed(execute, sha256):
            return False
        return await clips.run(_take_back, clips, name, sha256, keys)

    return take_back


def _take_back(clips: ClipFiles, name: str, sha256: str, keys: KeyRing) -> bool:
    try:
        return not clips.kept.exists(name) and lost.take_back(clips, sha256, keys)
    except OSError as error:
        raise unlistable(clips.lost, error) from error


def _log_kept(folder: ClipFolder, error: OSError) -> None:
    # Not its name: the log is to hold no hash of a member's recording.
    log.warning("A file in %s is not needed any more but cannot be removed (%s). The next start "
                "tries again.", folder, error.strerror)  # fmt: skip


def _listed(folder: ClipFolder, listing: Callable[P, list[str]], *args: P.args,
            **kwargs: P.kwargs) -> list[str]:  # fmt: skip
    try:
        return listing(*args, **kwargs)
    except OSError as error:
        raise unlistable(folder, error) from error


def _list_files(clips: ClipFiles) -> list[str]:
    names = _listed(clips.kept, clips.kept.names)
    return sorted(n for n in names if _CLIP_NAME.fullmatch(n) or n.endswith(TEMPORARY_SUFFIX))


def _hash_of(name: str) -> str | None:
    match = _CLIP_NAME.fullmatch(name)
    return match[1] if match else None


async def _released(database: Database) -> list[str]:
    return [row[0] for row in await database.read("SELECT clip_sha256 FROM unneeded_clips")]


async def _is_released(execute: Execute, sha256: str) -> bool:
    sql = "SELECT 1 FROM unneeded_clips WHERE clip_sha256 = ?"
    return bool(await execute(sql, (sha256,)))


async def _is_needed(execute: Execute, sha256: str) -> bool:
    return bool(await execute(_IS_NEEDED, (sha256,)))
