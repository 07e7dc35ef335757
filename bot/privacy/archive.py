"""Zip archives that are made in memory, each no larger than Discord takes."""

from __future__ import annotations

import io
import zipfile

_ENTRY_BYTES = 1024
"""That an entry takes besides its content, with its name twice."""


class Archive:
    """One archive that is being filled. most_bytes: of the finished file."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._file = io.BytesIO()
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        self._names: set[str] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing is in it yet."""
        return not self._names

    def has_room(self, content: bytes) -> bool:
        """Whether a content fits in, even if it cannot be compressed."""
        size = self._file.tell() + len(content) + _ENTRY_BYTES * (len(self._names) + 1)
        return size <= self._most_bytes

    def add(self, name: str, content: bytes) -> None:
        """Put a file in."""
        self._names.add(name)
        self._zip.writestr(name, content)

    def finish(self) -> bytes:
        """Return the archive."""
        self._zip.close()
        return self._file.getvalue()
