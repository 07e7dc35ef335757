"""Copying all that is stored from one place to another, and proving that all of it arrived.

Clips first, then the rows in one transaction: what is ended on the way leaves clips without rows,
and the next try goes on from there. The source is only read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from storage import audit_check
from storage.clip_files import ClipFiles, ClipFolder
from storage.clips import MOST_FILE_BYTES, StoredClip
from storage.database import Database
from storage.errors import DataPresentError, StorageError
from storage.lost import recordings
from storage.moved_rows import Digest, OnRows, copy_tables, count_rows, digests
from storage.sealing import KeyRing
from storage.tables import OF_THE_PROGRAM, TABLES

Step = Literal["recordings", "rows", "comparison"]
"""What a move does, one after the other. The comparison reads each row of both places."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is. done, total: recordings, or rows. bytes: of recordings so far."""

    step: Step
    done: int
    total: int
    bytes: int = 0


OnProgress = Callable[[Progress], None]

_CHUNK = 64  # recordings between two reports of progress


@dataclass(frozen=True, slots=True)
class Place:
    """Where data lies: rows and clips."""

    database: Database
    clips: ClipFiles


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied. trails: of the audit, each checked. rows: of all tables."""

    rows: int
    voices: int
    recordings: int
    bytes: int
    trails: int


async def move(
    source: Place, target: Place, keys: KeyRing, on_progress: OnProgress, *, replace: bool = False
) -> Moved:
    """Copy everything, and compare it afterwards. keys: of what is sealed, which stays so.

    replace: also where the target has data, which goes.

    Raises DataPresentError where it has and must not go; StorageError where something cannot be
    read or written, or did not arrive as it was.
    """
    version = await source.database.version()
    files = await source.clips.run(_listed, source.clips)
    if not replace:
        names = {name for _, name in files}
        await _require_room(target, names, rows=target.database is not source.database)
    size = await _copy_clips(source.clips, target.clips, files, on_progress)
    wanted = await _copy_rows(source, target, on_progress)
    # Not before: until then the rows that are replaced need them.
    await _remove_others(target.clips, set(files))
    trails = await _compare_trails(source.database, target.database, keys)
    await _refuse_changed(source.database, version)
    total = sum(digest.rows for digest in wanted.values())
    return Moved(total, wanted["voices"].rows, len(files), size, trails)


async def _copy_rows(source: Place, target: Place, on_progress: OnProgress) -> dict[str, Digest]:
    """Copy them, unless recordings alone move, and compare them; return what they are."""
    async with source.database.snapshot() as read:
        count = await count_rows(read)

        def on_rows(step: Step, total: int, before: int, done: int) -> None:
            on_progress(Progress(step, before + done, total))

        if target.database is not source.database:
            numbers = await source.database.bulk_load.numbers(read)
            told = partial(on_rows, "rows", count, 0)
            await copy_tables(read, target.database, numbers, told)
        compared = partial(on_rows, "comparison", 2 * count)
        wanted = await digests(read, partial(compared, 0))
    await _compare(wanted, target.database, partial(compared, count))
    return wanted


async def _refuse_changed(database: Database, version: int) -> None:
    """Raise StorageError where anybody wrote there meanwhile, such as a bot of another machine."""
    if await database.version() != version:
        raise StorageError(
            f"Something was written to {database.place} during the move, and may not have been "
            "copied. Stop whatever uses it, on every machine, and copy it once more: --force"
        )


_File = tuple[bool, str]
"""Whether it lies in lost/, and its name."""


def _listed(clips: ClipFiles) -> list[_File]:
    return [(folder is clips.lost, name) for folder, name in recordings(clips)]


async def _require_room(target: Place, ours: set[str], *, rows: bool) -> None:
    """Refuse data of others; recordings of the source are left from a try that was ended."""
    stored = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table})"  # noqa: S608 - our names
        for table in TABLES
        if table not in OF_THE_PROGRAM
    )
    [[has_rows]] = await target.database.read(f"SELECT {stored}")
    present = {name for _, name in await target.clips.run(_listed, target.clips)}
    if (rows and has_rows) or present - ours:
        raise DataPresentError(
            f"There is data already in {target.database.place} or {target.clips.kept}. Name an "
            "empty place, or take that for one to be replaced: --force"
        )


async def _copy_clips(
    source: ClipFiles, target: ClipFiles, files: Sequence[_File], on_progress: OnProgress
) -> int:
    size = 0
    for start in range(0, len(files), _CHUNK):
        on_progress(Progress("recordings", start, len(files), size))
        chunk = files[start : start + _CHUNK]
        size += sum(await target.run(target.each, lambda file: _copy(source, target, file), chunk))
    on_progress(Progress("recordings", len(files), len(files), size))
    return size


def _copy(source: ClipFiles, target: ClipFiles, file: _File) -> int:
    """Copy a recording unless it is there, and read it back; return its size."""
    lost, name = file
    of, to = (source.lost, target.lost) if lost else (source.kept, target.kept)
    content = _content(of, name)
    try:
        if not (to.exists(name) and _hash(_content(to, name)) == _hash(content)):
            to.write(name, content)
    except OSError as error:
        told = f"{to.clip(name)} cannot be written ({error.strerror}). {target.write_advice}"
        raise StorageError(told) from error
    if _hash(_content(to, name)) != _hash(content):
        raise StorageError(f"{to.clip(name)} is not as it was written. Try again.")
    return len(content)


def _content(folder: ClipFolder, name: str) -> bytes:
    stored: StoredClip = folder.clip(name)
    try:
        beginning, rest, size = stored.parts(0, MOST_FILE_BYTES)
    except OSError as error:
        raise StorageError(
            f"{stored} cannot be read ({error.strerror}). {stored.advice}"
        ) from error
    if size > MOST_FILE_BYTES:
        raise StorageError(f"{stored} is too large for a recording. Take it away, and try again.")
    return beginning + rest


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


async def _remove_others(clips: ClipFiles, ours: set[_File]) -> None:
    """Remove recordings that are not the source's, such as those that are to be replaced."""

    def remove() -> None:
        for lost, name in _listed(clips):
            if (lost, name) not in ours:
                (clips.lost if lost else clips.kept).delete(name)

    try:
        await clips.run(remove)
    except OSError as error:
        told = f"Recordings in {clips.kept} cannot be removed ({error.strerror}). Try again."
        raise StorageError(told) from error


async def _compare(wanted: dict[str, Digest], database: Database, on_rows: OnRows) -> None:
    async with database.snapshot() as read:
        found = await digests(read, on_rows)
    wrong = [table for table, digest in wanted.items() if found[table] != digest]
    if wrong:
        raise StorageError(
            f"Not all rows arrived as they were in {database.place}: {', '.join(wrong)}. "
            "The source is as it was. Stop whatever uses either place, and try again."
        )


async def _compare_trails(source: Database, target: Database, keys: KeyRing) -> int:
    guilds = await audit_check.audited_guilds(source)
    for guild_id in guilds:
        before = await audit_check.verify(source, guild_id, keys)
        if await audit_check.verify(target, guild_id, keys) != before:
            raise StorageError(
                f"The audit trail of server {guild_id} did not arrive whole. The source is as it "
                "was. Try again."
            )
    return len(guilds)
