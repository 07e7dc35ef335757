"""The data directory: what lies in it, and whether it can be used."""

from __future__ import annotations

from pathlib import Path

from storage.backups.installing import finish_installing
from storage.clips import CLIP_SUFFIX
from storage.errors import DiskFullError, StorageError
from storage.files import sync_directory
from storage.layout import CLIPS_NAME, DATABASE_NAME
from storage.private import make_private_directory
from storage.reserve import Reserve
from storage.schema import schema_version


def prepare_directory(directory: Path, *, database: bool = True) -> None:
    """Create what is missing. database: whether one belongs in it.

    Raises StorageError if it is unusable or its database was lost.
    """
    finish_installing(directory)  # before its clips are missed and made
    _create(directory)
    if database:
        _require_database(directory)


def count_recordings(directory: Path) -> int:
    """Return how many recordings lie in a data directory's clips/."""
    return sum(1 for _ in (directory / CLIPS_NAME).glob(f"*{CLIP_SUFFIX}"))


def _require_database(directory: Path) -> None:
    try:
        _refuse_lost_database(directory)
    except DiskFullError:
        if not Reserve(directory).release():
            raise
        _refuse_lost_database(directory)


def _create(directory: Path) -> None:
    try:
        make_private_directory(directory / CLIPS_NAME)
        sync_directory(directory)
    except OSError as error:
        raise StorageError(
            f"The data directory {directory} cannot be used ({error.strerror}). "
            "Check its path and that this user may write to it."
        ) from error


def _refuse_lost_database(directory: Path) -> None:
    clips, database = directory / CLIPS_NAME, directory / DATABASE_NAME
    recordings = count_recordings(directory)
    if recordings and schema_version(database) == 0:
        raise StorageError(
            f"{clips} holds {recordings} recordings, but the database {database} is "
            f"{'empty' if database.exists() else 'missing'}. Restore it from a backup. Without "
            "one, `mynah doctor --fix` begins anew and keeps the recordings in lost/."
        )
