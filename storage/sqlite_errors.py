"""What SQLite's errors mean to whoever runs the bot, and what to do about them."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from storage.errors import DiskFullError, StorageError
from storage.texts import excerpt

_PERMISSIONS = "Check that the directory exists and that this user may write to it."
_LEAST_ROOM = 64 * 1024
_ADVICE = {
    sqlite3.SQLITE_NOTADB: ("The file is not a database. Run `mynah doctor`, or restore a backup."),
    # SQLite says so of a disk that gives input/output errors, too.
    sqlite3.SQLITE_CORRUPT: (
        "The file is damaged, or the disk fails. Check the disk; then run `mynah doctor`, or "
        "restore a backup."
    ),
    sqlite3.SQLITE_BUSY: "Another program is writing to it. Try again in a moment.",
    sqlite3.SQLITE_IOERR: "The disk fails, is full, or can only be read. Check it.",
    sqlite3.SQLITE_FULL: "The disk is full. Make room.",
    sqlite3.SQLITE_CANTOPEN: _PERMISSIONS,
    sqlite3.SQLITE_READONLY: _PERMISSIONS,
    sqlite3.SQLITE_PERM: _PERMISSIONS,
}


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StorageError with advice, DiskFullError where room is missing."""
    try:
        yield
    except sqlite3.Error as error:
        kind = DiskFullError if is_full(path, error) else StorageError
        advice = _ADVICE.get(_code(error), "Please report it.")
        if kind is DiskFullError and _code(error) == sqlite3.SQLITE_CANTOPEN:
            advice = _ADVICE[sqlite3.SQLITE_FULL]
        said = excerpt(str(error))  # of a damaged database, this may be what a page holds
        raise kind(f"The database {path} cannot be used ({said}). {advice}") from error


def is_full(path: Path, error: sqlite3.Error) -> bool:
    """Whether an error of a database may come of a disk that is full."""
    if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return True
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(path.parent).free
        # Without room for its -shm file, SQLite only says that it cannot open the database.
        return _code(error) == sqlite3.SQLITE_CANTOPEN and free < _LEAST_ROOM
    return False


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
