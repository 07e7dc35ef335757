"""Files and directories for this user only, whatever the umask: what is kept here is personal.

A mode that is given when something is made loses what the umask holds; so it is set once more.
What is there already keeps its mode: an operator may share it with a group.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


def open_private(path: Path, flags: int = os.O_RDWR) -> int:
    """Open a file, made for this user only where it is missing, and return its descriptor.

    flags: as for `os.open`; with O_EXCL a file that is there is refused. Raises OSError.
    """
    flags |= os.O_CREAT | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        return os.open(path, flags, FILE_MODE)
    make_private(descriptor)
    return descriptor


def make_private(descriptor: int) -> None:
    """Give a file of ours, just made, its mode. Closes it if that fails. Raises OSError."""
    try:
        os.fchmod(descriptor, FILE_MODE)
    except OSError:
        os.close(descriptor)
        raise


def make_private_directory(directory: Path) -> None:
    """Make a directory and what is missing above it, for this user only. Raises OSError."""
    for missing in reversed([directory, *directory.parents]):
        try:
            missing.mkdir(mode=DIRECTORY_MODE)
        except FileExistsError:
            continue
        except OSError:
            if missing.is_dir():  # on a file system that cannot be written
                continue
            raise
        missing.chmod(DIRECTORY_MODE)
    if not directory.is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(directory))


def open_to_others(directory: Path) -> str | None:
    """Return what others on this machine may do in a directory: "read", or "write".

    None where they may do neither, or cannot come to it because something above is closed.
    Raises OSError.
    """
    mode = stat.S_IMODE(directory.stat().st_mode)
    above = directory.resolve().parents
    if any(not stat.S_IMODE(parent.stat().st_mode) & stat.S_IXOTH for parent in above):
        return None
    if mode & stat.S_IWOTH:
        return "write"
    return "read" if mode & stat.S_IROTH else None
