"""Repairing the data directory: what is replaced is kept, and what cannot be repaired stays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bot.operations.doctor import Examination, examine
from bot.operations.files_check import mend_modes
from bot.operations.findings import Finding
from storage.backups.installing import finish_installing
from storage.clip_directory import DirectoryClips
from storage.files import sync_directory
from storage.kept import DAMAGED, keep_directory
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOG_NAMES
from storage.leftovers import LOOK_PREFIX, sweep, work_directory
from storage.lost import set_aside_damaged
from storage.rescue.rescuing import rescue
from storage.sealing import KeyRing
from storage.use_lock import alone
from storage.voices import VoiceStore


@dataclass(frozen=True, slots=True)
class Repaired:
    """found: before; left: what is there still. kept: where what was replaced lies, if anything."""

    found: Examination
    left: Examination
    kept: Path | None

    def is_repaired(self, finding: Finding) -> bool:
        """Whether something that was found is not there any more."""
        return finding not in self.left.findings


async def repair(directory: Path, keys: KeyRing) -> Repaired:
    """Repair what can be repaired in a data directory that nobody uses.

    Raises UserError, StorageError, DirectoryInUseError; OSError.
    """
    found = await examine(directory, keys)
    if found.state.condition == "newer":
        return Repaired(found, found, None)
    with alone(directory):
        mend_modes(directory)
        sweep(directory)
    finish_installing(directory)
    with alone(directory):
        keeping = _Keeping(directory)
        if found.rescued is not None:
            _replace_database(directory, keeping)
        (directory / CLIPS_NAME).mkdir(mode=0o700, exist_ok=True)
        clips = DirectoryClips(directory / CLIPS_NAME)
        set_aside_damaged(clips, keys, lambda name: keeping.take(clips.kept.path / name))
    if (directory / DATABASE_NAME).exists():
        async with VoiceStore.open(directory, keys) as store:
            await store.check(verify=True)
    return Repaired(found, await examine(directory, keys), keeping.kept)


class _Keeping:
    """Moves files to a directory that is made for the first of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.kept: Path | None = None

    def take(self, path: Path) -> None:
        """Move a file there. Raises OSError."""
        if self.kept is None:
            self.kept = keep_directory(self._directory, DAMAGED)
        path.rename(self.kept / path.name)
        sync_directory(self.kept)


def _replace_database(directory: Path, keeping: _Keeping) -> None:
    path = directory / DATABASE_NAME
    if not path.exists():
        path.touch(mode=0o600)
    with work_directory(directory, LOOK_PREFIX) as work:
        new = work / DATABASE_NAME
        rescue(path, new)
        # The log first: beside a new database, SQLite would take it for its own.
        for name in LOG_NAMES:
            if os.path.lexists(directory / name):
                keeping.take(directory / name)
        keeping.take(path)
        new.rename(path)
        sync_directory(directory)
