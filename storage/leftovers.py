"""Temporary files and directories whose maker may be killed: locked while in use, else swept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from storage.files import put_in_place, sync_directory
from storage.private import DIRECTORY_MODE, make_private

BACKUP_PREFIX = "backup-"
RESTORE_PREFIX = "restore-"
LOOK_PREFIX = "doctor-"
CACHE_PREFIX = "clips-cache-"
WORK_SUFFIX = ".tmp"

FILE_PREFIX = ".mynah-backup-"


@contextlib.contextmanager
def work_directory(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a directory for this user alone, and remove it in the end. Raises OSError."""
    path = Path(tempfile.mkdtemp(WORK_SUFFIX, prefix, parent))
    path.chmod(DIRECTORY_MODE)  # whatever the umask
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


@contextlib.contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Open a file for this user alone that appears at `path` when the block ends without an error.

    Raises OSError; FileExistsError if there is a file by then that is not to be replaced.
    """
    descriptor, name = tempfile.mkstemp(WORK_SUFFIX, FILE_PREFIX, path.parent)
    temporary = Path(name)
    try:
        make_private(descriptor)
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(descriptor)
        put_in_place(temporary, path, replace=replace)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def dead(directory: Path) -> list[Path]:
    """Return what killed processes left in a data directory, or beside a backup."""
    prefixes = (BACKUP_PREFIX, RESTORE_PREFIX, LOOK_PREFIX, CACHE_PREFIX, FILE_PREFIX)
    with contextlib.suppress(OSError):
        return [
            path
            for path in sorted(directory.iterdir())
            if path.name.startswith(prefixes) and path.name.endswith(WORK_SUFFIX) and _is_dead(path)
        ]
    return []


def sweep(directory: Path) -> None:
    """Remove what killed processes left there; what cannot be removed stays."""
    for path in dead(directory):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _is_dead(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
