"""Who uses a data directory: whoever has it open shares a lock, whoever replaces it has it alone.

The system releases such a lock when its process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from storage.errors import DirectoryInUseError
from storage.layout import LOCK_NAME
from storage.private import open_private

_BUSY = (errno.EWOULDBLOCK, errno.EACCES)


@contextlib.contextmanager
def using(directory: Path) -> Iterator[None]:
    """Keep others from replacing what lies in a directory; any number can do so at a time.

    Where no lock can be had, such as on a full or read-only file system, it goes on without.

    Raises DirectoryInUseError while somebody replaces it.
    """
    try:
        descriptor = _locked(directory, fcntl.LOCK_SH)
    except BlockingIOError:
        raise DirectoryInUseError(
            f"The data in {directory} is being restored or repaired. Try again when that is done."
        ) from None
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Have a directory that is there for oneself, until the block ends.

    Raises DirectoryInUseError, OSError.
    """
    try:
        descriptor = _locked(directory, fcntl.LOCK_EX)
    except BlockingIOError:
        raise DirectoryInUseError(
            f"The bot, or another command, is using {directory}. Stop it first."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def is_used(directory: Path) -> bool:
    """Whether somebody has a directory open. Writes nothing."""
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _BUSY
    finally:
        os.close(descriptor)
    return False


def _locked(directory: Path, kind: int) -> int:
    """Return a descriptor that holds the lock. Raises BlockingIOError where others do; OSError."""
    # Not inherited: a worker that outlives its parent for a moment must not hold it.
    descriptor = open_private(directory / LOCK_NAME)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _BUSY:
            raise BlockingIOError(error.errno, "locked") from None
        raise
    return descriptor
