"""A backup of the data directory, beside a running bot: one file, whole or not there."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot import __version__
from bot.errors import OutputError, UserError
from storage.backups.capture import Captured, captured
from storage.backups.envelope import EnvelopeWriter
from storage.backups.manifest import About
from storage.leftovers import sweep, whole_file
from storage.sealing import KeyRing

OnProgress = Callable[[int, int], None]
"""Told how many bytes are done, and of how many."""


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """What was written.

    path: None for standard output. recordings: how many files of them. bytes: of all that is in it.
    missing: how many recordings were not there. odd: files that were left out, because no recording
    is like them.
    """

    path: Path | None
    about: About
    recordings: int
    bytes: int
    missing: int
    odd: tuple[str, ...]


class ByteCounter:
    """Adds up the bytes that are done."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._done, self._total, self._on_progress = 0, total, on_progress

    def __call__(self, count: int) -> None:
        """Count some more."""
        self._done += count
        self._on_progress(self._done, self._total)


def make_backup(
    directory: Path,
    path: Path | None,
    on_progress: OnProgress,
    *,
    keys: KeyRing | None = None,
    replace: bool = False,
) -> MadeBackup:
    """Write a backup of a data directory.

    path: None writes to standard output. keys: seal the whole. replace: a file that is there.

    Raises StorageError; UserError if the file is there; OutputError if it cannot be written.
    """
    with captured(directory, __version__) as moment:
        if path is None:
            _write(moment, sys.stdout.buffer, on_progress, keys)
        else:
            _write_file(moment, path, on_progress, keys, replace)
        manifest = moment.manifest
        return MadeBackup(
            path,
            manifest.about,
            len(manifest.entries) - 1,
            manifest.total_bytes,
            moment.missing,
            moment.odd,
        )


def _write_file(
    moment: Captured, path: Path, on_progress: OnProgress, keys: KeyRing | None, replace: bool
) -> None:
    with _told(path):
        sweep(path.parent)
        _require_room(moment, path)
        with whole_file(path, replace=replace) as file:
            _write(moment, file, on_progress, keys)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise UserError(
            f"{path} exists already. Choose another name, or add --force to replace it."
        ) from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _require_room(moment: Captured, path: Path) -> None:
    needed, free = moment.manifest.total_bytes, shutil.disk_usage(path.parent).free
    if free < needed:
        raise OutputError(
            f"The backup takes {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free at "
            f"{path.parent}. Make room, or write it elsewhere."
        )


def _write(moment: Captured, file: BinaryIO, on_progress: OnProgress, keys: KeyRing | None) -> None:
    on_bytes = ByteCounter(moment.manifest.total_bytes, on_progress)
    if keys is None:
        moment.write(file.write, on_bytes)
    else:
        envelope = EnvelopeWriter(file, keys)
        moment.write(envelope.write, on_bytes)
        envelope.finish()
    file.flush()
