"""Opening files that others may have put where ours belong, and writing ours whole."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
import tempfile
from pathlib import Path

from storage.private import make_private

# Without it, opening a named pipe waits for its writer, for ever.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading, without ever waiting for one that is no regular file.

    Raises OSError, also for a directory, pipe, socket or device.
    """
    _require_regular(path, path.stat())  # opening some devices has effects
    descriptor = os.open(path, _FLAGS)
    try:
        _require_regular(path, os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


def write_atomically(path: Path, content: bytes, suffix: str) -> None:
    """Write to a temporary file beside `path`, fsync, rename, fsync the directory.

    So it is there whole or not at all, also after a power cut. The file is for this user only; one
    that takes another's place keeps its owner and mode. suffix: of the temporary file.

    Raises OSError.
    """
    handle, name = tempfile.mkstemp(suffix=suffix, dir=path.parent)
    temporary = Path(name)
    try:
        make_private(handle)
        with os.fdopen(handle, "wb") as file:
            _take_over(file.fileno(), path)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def put_in_place(temporary: Path, path: Path, *, replace: bool) -> None:
    """Give a file that is whole its name.

    Raises OSError; FileExistsError where that name is taken and not to be replaced, which no other
    program can slip past.
    """
    if replace:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # not every file system has links
        _claim(temporary, path)
    else:
        temporary.unlink()


def _claim(temporary: Path, path: Path) -> None:
    path.touch(exist_ok=False)  # O_EXCL: exactly one program gets the name
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _take_over(descriptor: int, path: Path) -> None:
    """Give a file the owner and mode of one that lies at `path`, if any.

    A file that root writes anew would otherwise be out of the bot's reach.
    """
    if sys.platform == "win32" or not path.is_file():
        return
    status = path.stat()
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def sync_directory(directory: Path) -> None:
    """Make new names in a directory durable, where the system has a call for it."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
