"""What is wrong with the files of a data directory themselves: modes, leftovers, what was kept."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from bot.operations.findings import FIX, Finding
from storage.kept import kept_directories
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOST_NAME, READY_NAME
from storage.leftovers import dead


def file_findings(directory: Path) -> Iterator[Finding]:
    """Yield them. Raises OSError."""
    if exposed := exposed_paths(directory):
        yield Finding(
            "exposed",
            f"Others on this machine may read or change {exposed[0]}"
            + (f" and {len(exposed) - 1} more." if len(exposed) > 1 else "."),
            f"{FIX} takes that away (chmod o=).",
            repairable=True,
        )
    if closed := closed_paths(directory):
        yield Finding(
            "closed",
            f"This user may not read and write {closed[0]}"
            + (f" and {len(closed) - 1} more." if len(closed) > 1 else "."),
            f"{FIX} mends it where they are this user's (chmod u+rw); else: chown -R.",
            repairable=True,
        )
    if leftovers := dead(directory):
        yield Finding(
            "leftovers",
            f"{len(leftovers)} temporary files of backups or restores that were killed, such as "
            f"{leftovers[0]}.",
            f"{FIX} removes them.",
            repairable=True,
        )
    if (directory / READY_NAME).is_dir():
        yield Finding(
            "restore_unfinished",
            "A restore was ended when it had only to put its files in place.",
            f"{FIX}, or the next start, finishes it.",
            repairable=True,
        )
    for kept in kept_directories(directory):
        yield Finding(
            "kept",
            f"{kept} holds what was there before a restore or a repair.",
            "Delete it when all is well: it holds recordings of people.",
            severity="note",
        )


def exposed_paths(directory: Path) -> list[Path]:
    """Return what others may use; nobody gets past a directory that is closed to them."""
    if not directory.stat().st_mode & stat.S_IRWXO:
        return []
    return [path for path in _paths(directory) if path.lstat().st_mode & stat.S_IRWXO]


def closed_paths(directory: Path) -> list[Path]:
    """Return what its owner may not read and write, by its mode."""
    wanted = stat.S_IRUSR | stat.S_IWUSR
    return [path for path in _paths(directory) if path.lstat().st_mode & wanted != wanted]


def mend_modes(directory: Path) -> None:
    """Take others' permissions away and give the owner theirs; what is another user's stays."""
    for path in (*closed_paths(directory), *exposed_paths(directory)):
        mode = stat.S_IMODE(path.lstat().st_mode)
        own = stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR
        try:
            path.chmod((mode | own) & ~stat.S_IRWXO)
        except PermissionError:
            continue


def _paths(directory: Path) -> Iterator[Path]:
    """Yield what is Mynah's: the directory, the database and its logs, the recordings."""
    yield directory
    yield from sorted(directory.glob(f"{DATABASE_NAME}*"))
    for folder in (directory / CLIPS_NAME, directory / LOST_NAME):
        if folder.is_dir() and not folder.is_symlink():
            yield folder
            yield from (path for path in sorted(folder.iterdir()) if not path.is_symlink())
