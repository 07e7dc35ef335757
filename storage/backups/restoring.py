"""A backup read whole and checked, and put into a data directory."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from storage.backups.envelope import opened
from storage.backups.installing import finish_installing, holds_data, install
from storage.backups.manifest import Entry, Manifest
from storage.backups.tape import OnBytes, Source, Tape
from storage.errors import BackupError, DataPresentError, DiskFullError, StorageError
from storage.files import sync_directory
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOST_NAME
from storage.leftovers import RESTORE_PREFIX, sweep, work_directory
from storage.private import make_private_directory, open_private
from storage.schema import load_migrations
from storage.sealing import KeyRing
from storage.use_lock import alone

_SPARE_BYTES = 16 * 1024 * 1024  # free beside what is restored


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where what was there before is kept, if there was anything."""

    manifest: Manifest
    kept: Path | None


class BackupReader:
    """A backup of which the list of files was read and may be restored here.

    Every method raises StorageError.
    """

    def __init__(self, source: Source, keys: KeyRing) -> None:
        """source: of the file, from its beginning. keys: open it, where it is sealed."""
        self._tape = Tape(opened(source, keys))
        self.manifest = self._tape.manifest()
        known = len(load_migrations())
        if self.manifest.about.schema > known:
            raise BackupError(
                f"The backup was made by a newer Mynah ({self.manifest.about.mynah}, schema "
                f"{self.manifest.about.schema}; this version knows {known}). Update Mynah first."
            )

    def missing_keys(self, keys: KeyRing) -> list[str]:
        """Return the ids of keys that are not there and that something in the backup needs."""
        return [name for name in self.manifest.about.keys if not keys.knows(name)]

    def check(self, on_bytes: OnBytes) -> None:
        """Read all of it, compare every hash, and write nothing."""
        for entry in self.manifest.entries:
            self._tape.extract(entry, None, on_bytes)
        self._tape.end()

    def restore(self, directory: Path, on_bytes: OnBytes, *, replace: bool) -> Restored:
        """Read all of it into a data directory, which it takes only when it is whole and right.

        replace: what is there may be replaced, and is kept. Raises also DataPresentError, and
        DirectoryInUseError.
        """
        try:
            make_private_directory(directory)
            finish_installing(directory)
            with alone(directory):
                if holds_data(directory) and not replace:
                    raise DataPresentError(
                        f"{directory} holds data already. Add --force to replace it; what is there "
                        "is kept beside it."
                    )
                sweep(directory)
                return self._restore(directory, on_bytes)
        except OSError as error:
            raise StorageError(
                f"Nothing was restored to {directory}: {error.strerror or error}."
            ) from error

    def _restore(self, directory: Path, on_bytes: OnBytes) -> Restored:
        self._require_room(directory)
        with work_directory(directory, RESTORE_PREFIX) as work:
            for name in (CLIPS_NAME, LOST_NAME):
                make_private_directory(work / name)
            for entry in self.manifest.entries:
                self._extract(entry, work / entry.name, on_bytes)
            self._tape.end()
            _check_database(work / DATABASE_NAME, self.manifest.about.schema)
            for path in (work / CLIPS_NAME, work / LOST_NAME, work):
                sync_directory(path)
            return Restored(self.manifest, install(work, directory))

    def _require_room(self, directory: Path) -> None:
        needed = self.manifest.total_bytes + _SPARE_BYTES
        free = shutil.disk_usage(directory).free
        if free < needed:
            raise DiskFullError(
                f"The backup takes {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free at "
                f"{directory}. Make room."
            )

    def _extract(self, entry: Entry, path: Path, on_bytes: OnBytes) -> None:
        # O_EXCL: nothing that lies there is followed or written over.
        descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as file:
            self._tape.extract(entry, file, on_bytes)
            file.flush()
            os.fsync(descriptor)


def _check_database(path: Path, schema: int) -> None:
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            [version] = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        found, version = [], -1
    if found != ["ok"] or version != schema:
        raise BackupError("The backup is damaged: its database cannot be used.")
