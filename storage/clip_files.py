"""Where clips lie, as everything that keeps rows and clips in step sees it.

`storage.clip_directory` keeps them in a directory, `storage.objects` in an S3-compatible store.
Both are changed under the database's write lock only, so one writer at a time is all they bear;
readers may come from other machines at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ParamSpec, Protocol, TypeAlias, TypeVar

from storage.clips import CLIP_SUFFIX, StoredClip
from storage.errors import StorageError

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def clip_name(sha256: str) -> str:
    """Return the name of a clip's file."""
    return f"{sha256}{CLIP_SUFFIX}"


class ClipFolder(Protocol):
    """Files by name, without folders in it; `str` of it says where, for people.

    Every method blocks, for a bounded time, and raises OSError. One that cannot be reached at the
    moment is told from one that is not there, which is FileNotFoundError, by another errno.
    """

    @property
    def list_advice(self) -> str:
        """What to do where it cannot be looked at."""

    def names(self) -> list[str]:
        """Return the names of all that lies there, in any order."""

    def clip(self, name: str) -> StoredClip:
        """Return what reads a file; whether there is one shows when it is read. Raises nothing."""

    def exists(self, name: str) -> bool:
        """Whether that name is taken."""

    def sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """Return how many bytes files have; those that are missing are left out."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, whole or not at all and durably, in place of one of that name."""

    def delete(self, name: str) -> bool:
        """Remove a file; return whether there was one."""


class ClipFiles(Protocol):
    """The two folders of a store, and how work with them is run beside the event loop."""

    @property
    def kept(self) -> ClipFolder:
        """What rows need."""

    @property
    def lost(self) -> ClipFolder:
        """What no row needs and nobody asked to delete; see `storage.lost`."""

    @property
    def apart(self) -> bool:
        """Whether they lie where their database does not, and others may have theirs."""

    @property
    def write_advice(self) -> str:
        """What to do where a clip cannot be written."""

    def set_aside(self, name: str, lost_name: str) -> bool:
        """Move a file to `lost` under a name that is free there; False where it is gone.

        Blocks; raises OSError.
        """

    def bring_back(self, lost_name: str, name: str) -> None:
        """Move a file from `lost` to `kept`. Blocks; raises OSError."""

    def sweep(self) -> None:
        """Remove what killed processes left beside the clips; what cannot be removed stays."""

    def local(self, name: str) -> Path:
        """Return the path where a worker of this machine reads a clip, once it is held there."""

    async def hold(self, name: str) -> None:
        """Have a kept clip at its local path until it is let go.

        Raises OSError; FileNotFoundError where there is none, as far as that is looked at.
        """

    def let_go(self, name: str) -> None:
        """Say that a clip that was held is not needed now."""

    async def forget(self, name: str) -> None:
        """Have no copy of a clip on this machine but the kept one. Raises OSError."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what works with the folders beside the event loop."""

    def each(self, work: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """Do one thing with many files, in order or several at a time; blocks."""


ClipsOpener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[ClipFiles]]
"""Opens where clips lie. It is told the data directory, which is there by then."""


def unlistable(folder: ClipFolder, error: OSError) -> StorageError:
    """Return what is said of a folder that cannot be looked at."""
    return StorageError(
        f"The directory {folder} cannot be read ({error.strerror}). {folder.list_advice}"
    )
