"""Clips in a directory of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from storage import leftovers
from storage.clips import TEMPORARY_SUFFIX, ClipFile
from storage.files import sync_directory, write_atomically
from storage.layout import CLIPS_NAME, LOST_NAME
from storage.private import make_private_directory

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


class DirectoryFolder:
    """The files of one directory; see `ClipFolder`."""

    list_advice = "Check its permissions."

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def names(self) -> list[str]:
        """See `ClipFolder`."""
        return [path.name for path in self.path.iterdir()]

    def clip(self, name: str) -> ClipFile:
        """See `ClipFolder`."""
        return ClipFile(self.path / name)

    def exists(self, name: str) -> bool:
        """See `ClipFolder`; what a link leads to is no matter."""
        return os.path.lexists(self.path / name)

    def sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """See `ClipFolder`; what cannot be looked at is left out."""
        found: dict[str, int] = {}
        for name in names:
            with contextlib.suppress(OSError):
                found[name] = (self.path / name).stat().st_size
        return found

    def write(self, name: str, content: bytes) -> None:
        """See `ClipFolder`: a temporary file, fsync, rename."""
        write_atomically(self.path / name, content, TEMPORARY_SUFFIX)

    def delete(self, name: str) -> bool:
        """See `ClipFolder`."""
        try:
            (self.path / name).unlink()
        except FileNotFoundError:
            return False
        return True


class _LateFolder(DirectoryFolder):
    """One that is made when something comes there."""

    def write(self, name: str, content: bytes) -> None:
        """See `ClipFolder`."""
        make_private_directory(self.path)
        super().write(name, content)


class DirectoryClips:
    """clips/ of a data directory, and lost/ beside it; see `ClipFiles`."""

    apart = False
    write_advice = "Check the directory's permissions and that the disk is not full."

    def __init__(self, path: Path) -> None:
        self.kept = DirectoryFolder(path)
        self.lost = _LateFolder(path.parent / LOST_NAME)

    def set_aside(self, name: str, lost_name: str) -> bool:
        """See `ClipFiles`."""
        make_private_directory(self.lost.path)
        try:
            (self.kept.path / name).rename(self.lost.path / lost_name)
        except FileNotFoundError:
            return False
        return True

    def bring_back(self, lost_name: str, name: str) -> None:
        """See `ClipFiles`."""
        (self.lost.path / lost_name).rename(self.kept.path / name)
        sync_directory(self.kept.path)

    def sweep(self) -> None:
        """See `ClipFiles`: a backup that was killed has links to recordings."""
        leftovers.sweep(self.kept.path.parent)

    def local(self, name: str) -> Path:
        """See `ClipFiles`: where it lies."""
        return self.kept.path / name

    async def hold(self, name: str) -> None:
        """See `ClipFiles`: it is there."""

    def let_go(self, name: str) -> None:
        """See `ClipFiles`."""

    async def forget(self, name: str) -> None:
        """See `ClipFiles`: there is none."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `ClipFiles`."""
        return await asyncio.to_thread(work, *args, **kwargs)

    def each(self, work: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """See `ClipFiles`: one after another, because a disk is quick."""
        return [work(item) for item in items]


@asynccontextmanager
async def open_directory(directory: Path) -> AsyncIterator[DirectoryClips]:
    """Return the clips of a data directory, as a context like that of other stores of clips."""
    yield DirectoryClips(directory / CLIPS_NAME)
