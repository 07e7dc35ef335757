"""A file that gives way when the disk is full, so that a voice can be deleted all the same.

Deleting a row needs room too: SQLite writes the changed pages to its log first.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from storage.layout import RESERVE_NAME
from storage.private import open_private

RESERVE_BYTES = 1024 * 1024
"""A deletion writes some 100 KB, and opening the database some 50 KB."""

_ROOM_BYTES = 4 * RESERVE_BYTES  # what must be free before room is taken again


class Reserve:
    """The reserve of one data directory. Nothing here raises: it is there to help."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / RESERVE_NAME

    def keep(self) -> None:
        """Make the file if it is missing and there is plenty of room."""
        with contextlib.suppress(OSError):
            if self._size() != RESERVE_BYTES and self._has_room():
                self._write()

    def release(self) -> bool:
        """Remove the file and say whether that made room."""
        with contextlib.suppress(OSError):
            made_room = self._size() > 0
            self.path.unlink()
            return made_room
        return False

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def _has_room(self) -> bool:
        return shutil.disk_usage(self.path.parent).free >= _ROOM_BYTES

    def _write(self) -> None:
        try:
            with os.fdopen(open_private(self.path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
                # Random, because some file systems give zeros no room.
                file.write(os.urandom(RESERVE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.path.unlink(missing_ok=True)  # what is half there may be all the room that was
            raise
