"""What a backup holds, taken at one moment beside whoever uses the directory.

Under SQLite's write lock, which every writer of files holds, a read transaction begins and the
recordings are linked; so both are of one moment, and a deletion later takes nothing away. Then
the lock is given back, and the database is copied as that transaction sees it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from storage.backups.manifest import (
    MOST_CLIP_BYTES,
    MOST_DATABASE_BYTES,
    About,
    Entry,
    Manifest,
    is_clip_name,
)
from storage.backups.tape import OnBytes, chunks_of, write_end, write_member
from storage.clips import CLIP_SUFFIX
from storage.connections import BUSY_SECONDS
from storage.errors import BackupError, StorageError
from storage.files import open_regular
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOST_NAME
from storage.leftovers import BACKUP_PREFIX, sweep, work_directory
from storage.private import make_private_directory, open_private
from storage.sealing import HEADER_BYTES, sealing_key
from storage.sqlite_errors import translated
from storage.use_lock import using

_ATTEMPTS = 5
_PAGES = 1000  # copied between two looks at the clock of SQLite's lock


@dataclass(frozen=True, slots=True)
class Captured:
    """A moment of a data directory.

    directory: where it lies until the backup is written. missing: how many recordings the database
    needs that are not there. odd: names of files among the recordings that are none.
    """

    manifest: Manifest
    directory: Path
    missing: int
    odd: tuple[str, ...]

    def write(self, sink: Callable[[bytes], object], on_bytes: OnBytes) -> None:
        """Write the archive. Raises BackupError, and what `sink` raises."""
        out = _Out(sink)
        content = self.manifest.encoded()
        write_member(out, "manifest.jsonl", len(content), iter([content]))
        for entry in self.manifest.entries:
            with (self.directory / entry.name).open("rb") as file:
                write_member(out, entry.name, entry.bytes, _told(chunks_of(file), on_bytes))
        write_end(out)


@dataclass(frozen=True, slots=True)
class _Out:
    write: Callable[[bytes], object]


@contextlib.contextmanager
def captured(directory: Path, version: str) -> Iterator[Captured]:
    """Take a moment of a data directory, for as long as the block lasts.

    version: Mynah's. Raises StorageError, BackupError.
    """
    if not (directory / DATABASE_NAME).is_file():
        raise BackupError(f"There is nothing to back up: {directory} has no {DATABASE_NAME}.")
    with contextlib.ExitStack() as stack:
        with _explained(directory):
            stack.enter_context(using(directory))
            sweep(directory)
            work = stack.enter_context(work_directory(directory, BACKUP_PREFIX))
            missing, odd = _capture(directory, work)
            manifest = _manifest(work, version)
        yield Captured(manifest, work, missing, odd)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        with translated(directory / DATABASE_NAME):
            yield
    except OSError as error:
        raise StorageError(
            f"The data in {directory} cannot be backed up ({error.strerror or error}). Where the "
            "file system is read-only or full, stop the bot and copy the directory as it is."
        ) from error


class _TornError(Exception):
    """A recording was deleted before it could be copied."""


def _capture(directory: Path, work: Path) -> tuple[int, tuple[str, ...]]:
    for _attempt in range(_ATTEMPTS):
        try:
            return _at_one_moment(directory, work)
        except _TornError:
            for name in (CLIPS_NAME, LOST_NAME):
                shutil.rmtree(work / name, ignore_errors=True)
    raise BackupError("Voices are being deleted all the time. Try again later.")


def _at_one_moment(directory: Path, work: Path) -> tuple[int, tuple[str, ...]]:
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(_connection(directory / DATABASE_NAME))
        reader = stack.enter_context(_connection(directory / DATABASE_NAME))
        writer.execute("BEGIN IMMEDIATE")
        reader.execute("BEGIN")
        needed, released = _hashes(reader)
        to_copy, odd = _link_all(directory, work, released - needed)
        writer.execute("ROLLBACK")
        _copy_all(to_copy)
        _copy_database(reader, work / DATABASE_NAME)
    folders = (work / CLIPS_NAME, work / LOST_NAME)
    there = {path.name.partition(".")[0] for folder in folders for path in folder.iterdir()}
    return len(needed - there), tuple(odd)


@contextlib.contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, timeout=BUSY_SECONDS, uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _hashes(reader: sqlite3.Connection) -> tuple[set[str], set[str]]:
    """Return the recordings that rows need, and those that wait to be removed.

    Of any schema, also of older ones, which lack some columns.
    """
    columns = {
        (table, column)
        for (table,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for _, column, *_ in reader.execute("SELECT * FROM pragma_table_info(?)", (table,))
    }
    needing = (
        ("voices", "clip_sha256"),
        ("voices", "former_sha256"),
        ("consents", "consent_sha256"),
    )
    needed = _column(reader, [column for column in needing if column in columns])
    releasing = ("unneeded_clips", "clip_sha256")
    return needed, _column(reader, [releasing] if releasing in columns else [])


def _column(reader: sqlite3.Connection, columns: list[tuple[str, str]]) -> set[str]:
    return {
        value
        for table, column in columns
        for (value,) in reader.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - constants
        if isinstance(value, str)
    }


def _link_all(
    directory: Path, work: Path, released: set[str]
) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Link recordings; return those that are to be copied, and names of what is none."""
    to_copy: list[tuple[Path, Path]] = []
    odd: list[str] = []
    for folder in (CLIPS_NAME, LOST_NAME):
        make_private_directory(work / folder)
        for path in _files(directory / folder):
            if not is_clip_name(f"{folder}/{path.name}") or not _is_small_file(path):
                odd += [f"{folder}/{path.name}"] if path.name.endswith(CLIP_SUFFIX) else []
            elif path.name.partition(".")[0] not in released:
                _link(path, work / folder / path.name, to_copy)
    return to_copy, odd


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_small_file(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size <= MOST_CLIP_BYTES


def _link(path: Path, target: Path, to_copy: list[tuple[Path, Path]]) -> None:
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:  # not on every file system, nor where the file is another user's
        to_copy.append((path, target))


def _copy_all(pairs: list[tuple[Path, Path]]) -> None:
    for path, target in pairs:
        try:
            with open_regular(path) as source, _created(target) as copy:
                shutil.copyfileobj(source, copy)
        except FileNotFoundError:
            raise _TornError from None


def _created(path: Path) -> BinaryIO:
    return os.fdopen(open_private(path, os.O_WRONLY | os.O_EXCL), "wb")


def _copy_database(reader: sqlite3.Connection, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.close(open_private(target))
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        reader.backup(copy, pages=_PAGES)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        found = [row[0] for row in copy.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise BackupError(
            "The database is damaged, so a backup of it would be, too. `mynah doctor` says what is "
            "wrong. To keep it as it is, stop the bot and copy the data directory."
        )


def _manifest(work: Path, version: str) -> Manifest:
    with contextlib.closing(sqlite3.connect(work / DATABASE_NAME)) as copy:
        [schema] = copy.execute("PRAGMA user_version").fetchone()
        voices = _count(copy)
        keys = _keys_of_rows(copy)
    entries = []
    for path in (work / DATABASE_NAME, *_files(work / CLIPS_NAME), *_files(work / LOST_NAME)):
        entry, key = _entry(path, str(path.relative_to(work)))
        entries.append(entry)
        keys |= {key} if key else set()
    if entries[0].bytes > MOST_DATABASE_BYTES:
        raise BackupError("The database is too large for one backup. Stop the bot and copy it.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = About(version, schema, now, voices, tuple(sorted(keys)), len(entries))
    return Manifest(about, tuple(entries))


def _count(copy: sqlite3.Connection) -> int:
    try:
        [count] = copy.execute("SELECT count(*) FROM voices").fetchone()
    except sqlite3.OperationalError:  # nothing was ever stored
        return 0
    return int(count)


def _keys_of_rows(copy: sqlite3.Connection) -> set[str]:
    # Not those of audit trails: without their key nothing is missing but who vouches for them.
    try:
        sql = f"SELECT substr(record, 1, {HEADER_BYTES}) FROM consents"  # noqa: S608 - a number
        beginnings = [bytes(row[0]) for row in copy.execute(sql)]
    except (sqlite3.OperationalError, TypeError):  # an older schema, or a damaged row
        return set()
    return {key for key in map(sealing_key, beginnings) if key is not None}


def _entry(path: Path, name: str) -> tuple[Entry, str | None]:
    """Return a file as it is listed, and by which key it is sealed."""
    sha256, size = hashlib.sha256(), 0
    beginning = b""
    with path.open("rb") as file:
        for chunk in chunks_of(file):
            beginning = beginning or chunk[:HEADER_BYTES]
            sha256.update(chunk)
            size += len(chunk)
    key = sealing_key(beginning) if name != DATABASE_NAME else None
    return Entry(name, size, sha256.hexdigest()), key


def _told(chunks: Iterator[bytes], on_bytes: OnBytes) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        on_bytes(len(chunk))
