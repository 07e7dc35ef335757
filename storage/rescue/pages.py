"""The pages of an SQLite file and of the log beside it, whatever has become of others.

Formats: https://www.sqlite.org/fileformat2.html, sections 1.3 (header) and 4 (write-ahead log).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

HEADER = b"SQLite format 3\0"
HEADER_BYTES = 100

_SIZES = [2**power for power in range(9, 17)]
_USUAL_SIZE = 4096
_LOG_MAGIC = (0x377F0682, 0x377F0683)
_LOG_HEADER, _FRAME_HEADER = 32, 24
_MOST_PAGES = 2**32 - 2


class Pages:
    """Reads pages by their numbers, from 1. A page of the log that was committed goes first."""

    def __init__(self, file: BinaryIO, log: BinaryIO | None) -> None:
        """file: of the database; log: its -wal, if there is one."""
        self._file, self._log = file, log
        beginning = file.read(HEADER_BYTES)
        self.size = _page_size(beginning)
        self._in_log: dict[int, int] = {}
        self._pages_by_log = 0
        if log is not None:
            self._read_log(log)
        file.seek(0, os.SEEK_END)
        whole, rest = divmod(file.tell(), self.size)
        self.count = min(max(whole + (rest > 0), self._pages_by_log), _MOST_PAGES)

    def page(self, number: int) -> bytes:
        """Return a page, filled up with zeros where the file ends before. Raises OSError."""
        if number in self._in_log and self._log is not None:
            file, offset = self._log, self._in_log[number]
        else:
            file, offset = self._file, (number - 1) * self.size
        file.seek(offset)
        return file.read(self.size).ljust(self.size, b"\0")

    @property
    def usable(self) -> int:
        """Bytes of a page that hold content."""
        reserved = self.page(1)[20] if self.page(1).startswith(HEADER) else 0
        return self.size - reserved

    @property
    def schema_version(self) -> int | None:
        """What `PRAGMA user_version` would say; None where the header is gone."""
        header = self.page(1)
        if not header.startswith(HEADER):
            return None
        return int.from_bytes(header[60:64], "big")

    def free(self) -> set[int]:
        """Return the pages that are on the list of free ones, as far as it can be followed."""
        header = self.page(1)
        trunk = int.from_bytes(header[32:36], "big") if header.startswith(HEADER) else 0
        found: set[int] = set()
        while 0 < trunk <= self.count and trunk not in found:
            found.add(trunk)
            page = self.page(trunk)
            following, count = struct.unpack_from(">II", page)
            leaves = struct.unpack_from(f">{min(count, self.size // 4 - 2)}I", page, 8)
            found.update(leaf for leaf in leaves if 0 < leaf <= self.count)
            trunk = following
        return found

    def _read_log(self, log: BinaryIO) -> None:
        header = log.read(_LOG_HEADER)
        if len(header) < _LOG_HEADER:
            return
        magic, _, size = struct.unpack_from(">III", header)
        order = ">" if magic == _LOG_MAGIC[1] else "<"
        if magic not in _LOG_MAGIC or size not in _SIZES:
            return
        sums = _checksum(header[:24], (0, 0), order)
        if sums != struct.unpack_from(">II", header, 24):
            return
        if size != self.size:  # the header of the database is what is wrong
            self.size = size
        self._read_frames(log, header[16:24], sums, order)

    def _read_frames(self, log: BinaryIO, salt: bytes, sums: tuple[int, int], order: str) -> None:
        waiting: dict[int, int] = {}
        while len(frame := log.read(_FRAME_HEADER)) == _FRAME_HEADER:
            offset = log.tell()
            page = log.read(self.size)
            number, pages = struct.unpack_from(">II", frame)
            if len(page) < self.size or frame[8:16] != salt or not number:
                return
            sums = _checksum(page, _checksum(frame[:8], sums, order), order)
            if sums != struct.unpack_from(">II", frame, 16):
                return
            waiting[number] = offset
            if pages:  # a commit
                self._in_log.update(waiting)
                self._pages_by_log = pages
                waiting.clear()


def _checksum(content: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two


def _page_size(beginning: bytes) -> int:
    """Return what the header says; Mynah's own where there is none."""
    if not beginning.startswith(HEADER):
        return _USUAL_SIZE
    size = int.from_bytes(beginning[16:18], "big")
    size = 65_536 if size == 1 else size
    return size if size in _SIZES else _USUAL_SIZE


def log_of(path: Path) -> Path:
    """Return where the log of a database lies."""
    return path.with_name(f"{path.name}-wal")
