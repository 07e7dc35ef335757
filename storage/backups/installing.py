"""Putting a restored state in another's place: all of it or nothing, whatever ends the process.

The state is complete in a directory of its own, which one rename makes ready. From then on it is
put in place, by whoever opens the data directory next if need be; before, nothing has changed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from storage.errors import StorageError
from storage.files import sync_directory
from storage.kept import REPLACED, keep_directory
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOG_NAMES, LOST_NAME, READY_NAME
from storage.private import open_private
from storage.use_lock import alone

_KEPT_NAME = "replaces"  # says where what is replaced goes


def holds_data(directory: Path) -> bool:
    """Whether a directory has a database, or recordings."""
    if any(os.path.lexists(directory / name) for name in (DATABASE_NAME, *LOG_NAMES, READY_NAME)):
        return True
    folders = (directory / CLIPS_NAME, directory / LOST_NAME)
    return any(folder.is_dir() and any(folder.iterdir()) for folder in folders)


def install(work: Path, directory: Path) -> Path | None:
    """Make a restored state the one of a data directory that nobody else uses.

    work: has the database and both directories of recordings, synced; in `directory`. Return where
    what was there is kept; None where nothing was. Raises OSError.
    """
    kept = keep_directory(directory, REPLACED) if holds_data(directory) else None
    descriptor = open_private(work / _KEPT_NAME, os.O_WRONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("" if kept is None else str(kept))
        file.flush()
        os.fsync(descriptor)
    sync_directory(work)
    work.rename(directory / READY_NAME)
    sync_directory(directory)
    _put_in_place(directory)
    return kept


def finish_installing(directory: Path) -> None:
    """Go on where an installation was ended. Raises StorageError."""
    if not (directory / READY_NAME).is_dir():
        return
    try:
        with alone(directory):
            if (directory / READY_NAME).is_dir():
                _put_in_place(directory)
    except OSError as error:
        raise StorageError(
            f"The restored backup in {directory / READY_NAME} cannot be put in place "
            f"({error.strerror or error}). Check the permissions of {directory}."
        ) from error


def _put_in_place(directory: Path) -> None:
    ready = directory / READY_NAME
    kept = (ready / _KEPT_NAME).read_text(encoding="utf-8")
    if (ready / DATABASE_NAME).exists():  # else these belong to the restored database already
        for name in LOG_NAMES:
            _keep(directory / name, kept)
    for name in (CLIPS_NAME, LOST_NAME, DATABASE_NAME):
        if (ready / name).exists():  # else it is in its place already
            _keep(directory / name, kept)
            (ready / name).rename(directory / name)
    for path in (directory, Path(kept)) if kept else (directory,):
        sync_directory(path)
    shutil.rmtree(ready)
    sync_directory(directory)


def _keep(path: Path, kept: str) -> None:
    if not os.path.lexists(path):
        return
    if kept:
        path.rename(Path(kept) / path.name)
    else:  # empty directories of a data directory that was never used
        with contextlib.suppress(NotADirectoryError):
            path.rmdir()
