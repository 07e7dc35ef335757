"""Files that people asked for: checked before the work, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.errors import OutputError, UserError
from storage.files import put_in_place
from storage.private import make_private

MOST_COPIES = 9999
"""So many files of one default name are tried before there is none that is free."""


def check_output(path: Path) -> None:
    """Raise `UserError` if no file can be written there, before any work is done for it."""
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}. Create it, or write to another.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(
            f"The folder {path.parent} cannot be written. Change its permissions, or write to "
            "another."
        )
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is not a file. Choose another name.")


def write_whole(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file that appears whole or not at all; what was there before stays if it fails.

    It is for this user only, whatever the umask: it holds somebody's voice, or what they did.

    Raises `OutputError`, and `FileExistsError` if the file is there and not to be replaced, which
    no other program can slip past.
    """
    try:
        _write_and_rename(path, content, replace)
    except FileExistsError:
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def write_beside(path: Path, content: bytes) -> Path:
    """Write to `path` or, where that is taken, to the first free of `NAME (2).SUFFIX`,
    `NAME (3).SUFFIX` and so on. Return which it was. Raises `OutputError`.
    """
    for name in _numbered(path):
        if os.path.lexists(name):
            continue
        try:
            write_whole(name, content, replace=False)
        except FileExistsError:  # another program was quicker
            continue
        return name
    raise OutputError(f"{path} and {MOST_COPIES} names like it are taken. Choose another name.")


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in range(2, MOST_COPIES + 1):
        yield path.with_name(f"{path.stem} ({number}){path.suffix}")


def _write_and_rename(path: Path, content: bytes, replace: bool) -> None:
    # A name of its own: with more around it, a long one would be too long for the file system.
    handle, name = tempfile.mkstemp(prefix=".mynah-", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        make_private(handle)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # some file systems tell only now that there is no room
        put_in_place(temporary, path, replace=replace)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
