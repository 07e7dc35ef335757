"""Opening files that others may have put where ours belong."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

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
