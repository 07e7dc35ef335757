"""What is written to the disk while it is watched, by inotify: every file under some directories.

A file is opened as soon as it is there and read at each change and in the end, so that one that is
renamed or removed at once is seen as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import stat
import struct
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

_MODIFY, _CLOSE_WRITE, _MOVED_TO, _CREATE = 0x2, 0x8, 0x80, 0x100
_WATCHED = _MODIFY | _CLOSE_WRITE | _MOVED_TO | _CREATE
_EVENT = struct.Struct("iIII")  # inotify(7): watch, mask, cookie, length of the name

GZIP = b"\x1f\x8b"


class WatchedDisk:
    """Contents that files under `roots` had, by the name under which they were seen."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._inotify >= 0, os.strerror(ctypes.get_errno())
        self._directories: dict[int, Path] = {}
        self._open: dict[tuple[int, int], tuple[int, str]] = {}
        self._stop, self._wake = os.pipe()
        self.seen: dict[bytes, str] = {}
        for root in roots:
            self._watch(root)
        self._thread = threading.Thread(target=self._run, name="inotify")

    @classmethod
    @contextlib.contextmanager
    def watching(cls, *roots: Path) -> Iterator[WatchedDisk]:
        """Watch until the context is left; look at `seen` then."""
        disk = cls(roots)
        disk._thread.start()
        try:
            yield disk
        finally:
            os.write(disk._wake, b".")
            disk._thread.join()
            disk._finish()

    def plain(self, *secrets: bytes) -> list[str]:
        """Return the names of files that were gzip-compressed, or held any of the secrets."""
        return [
            name
            for content, name in self.seen.items()
            if content.startswith(GZIP) or any(secret in content for secret in secrets)
        ]

    def _watch(self, directory: Path) -> None:
        watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(directory), _WATCHED)
        if watch < 0:  # gone again
            return
        self._directories[watch] = directory
        with contextlib.suppress(OSError):
            for path in directory.iterdir():  # what was there before the watch
                self._look(path)

    def _run(self) -> None:
        while self._stop not in select.select([self._inotify, self._stop], [], [])[0]:
            self._take_events()
        self._take_events()

    def _take_events(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while events := os.read(self._inotify, 65_536):
                for watch, mask, name in _parsed(events):
                    # A database is never closed, and changes all the time: it is read in the end.
                    if watch in self._directories and (mask & ~_MODIFY or b".db" not in name):
                        self._look(self._directories[watch] / os.fsdecode(name))

    def _look(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                self._watch(path)
            elif stat.S_ISREG(status.st_mode):
                key = status.st_dev, status.st_ino
                if key not in self._open:
                    self._open[key] = os.open(path, os.O_RDONLY), path.name
                self._read(*self._open[key])

    def _read(self, descriptor: int, name: str) -> None:
        size = os.fstat(descriptor).st_size
        content = os.pread(descriptor, size, 0)
        if content:
            self.seen.setdefault(content, name)

    def _finish(self) -> None:
        for descriptor, name in self._open.values():
            self._read(descriptor, name)
            os.close(descriptor)
        for descriptor in (self._inotify, self._stop, self._wake):
            os.close(descriptor)


def _parsed(events: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(events):
        watch, mask, _, length = _EVENT.unpack_from(events, at)
        at += _EVENT.size
        yield watch, mask, events[at : at + length].rstrip(b"\0")
        at += length
