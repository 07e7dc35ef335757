"""A backup checked, or put into the data directory when nobody uses it."""

from __future__ import annotations

import contextlib
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import UserError
from bot.operations.backup import ByteCounter, OnProgress
from storage.backups.manifest import About
from storage.backups.restoring import BackupReader
from storage.errors import DataPresentError, UnknownKeyError
from storage.files import open_regular
from storage.sealing import KeyRing


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """What a backup holds.

    kept: where what it replaced lies, if there was anything. missing_keys: ids of keys that are not
    there, by which something in it is sealed.
    """

    about: About
    recordings: int
    bytes: int
    kept: Path | None
    missing_keys: tuple[str, ...]


def check_backup(path: Path | None, keys: KeyRing, on_progress: OnProgress) -> RestoredBackup:
    """Read a backup to its end, and write nothing. path: None reads standard input.

    Raises StorageError, UserError.
    """
    with _opened(path) as file:
        reader = BackupReader(file, keys)
        reader.check(ByteCounter(reader.manifest.total_bytes, on_progress))
        return _restored(reader, keys, None)


def restore_backup(
    path: Path | None,
    directory: Path,
    keys: KeyRing,
    on_progress: OnProgress,
    *,
    replace: bool = False,
    any_key: bool = False,
) -> RestoredBackup:
    """Put a backup into a data directory; see `BackupReader.restore`.

    any_key: also what is sealed by keys that are not there. Raises StorageError, UserError.
    """
    with _opened(path) as file:
        reader = BackupReader(file, keys)
        if not any_key:
            _refuse_missing_keys(reader.missing_keys(keys), keys)
        try:
            restored = reader.restore(
                directory, ByteCounter(reader.manifest.total_bytes, on_progress), replace=replace
            )
        except DataPresentError as error:
            raise UserError(str(error)) from error
        return _restored(reader, keys, restored.kept)


def _refuse_missing_keys(missing: list[str], keys: KeyRing) -> None:
    if missing:
        raise UnknownKeyError(
            f"What is in the backup is sealed by a key that is not there ({', '.join(missing)}). "
            f"Bring it back to {keys.origin}. --any-key restores it all the same: the rest of the "
            "data can be used."
        )


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdin.buffer
        return
    try:
        file = open_regular(path)
    except OSError as error:
        is_file = not path.exists() or stat.S_ISREG(path.stat().st_mode)
        why = error.strerror if is_file else "it is not a file; `-` reads a pipe"
        raise UserError(f"{path} cannot be read ({why}).") from error
    with file:
        yield file


def _restored(reader: BackupReader, keys: KeyRing, kept: Path | None) -> RestoredBackup:
    manifest = reader.manifest
    return RestoredBackup(
        manifest.about,
        len(manifest.entries) - 1,
        manifest.total_bytes,
        kept,
        tuple(reader.missing_keys(keys)),
    )
