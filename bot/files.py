"""Files that people asked for: checked before the work, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.errors import OutputError, UserError


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


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all. Raises `OutputError`."""
    try:
        _write_and_rename(path, content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _write_and_rename(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o666 & ~_umask())  # mkstemp's files are private, this one is a result
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
