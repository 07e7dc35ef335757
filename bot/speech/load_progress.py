"""How far loading is while it downloads: told by the worker in a small file, read by the bot.

A file, because it outlives whatever happens to the worker, which may be killed at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.errors import OutputError
from bot.files import write_whole

WRITE_SECONDS = 1.0
"""How often the worker tells at most."""

POLL_SECONDS = 0.5

MILESTONE_PERCENT = 10
MILESTONE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How much of a model has been downloaded, in bytes and in files."""

    model: str
    done_bytes: int
    total_bytes: int
    done_files: int
    total_files: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left to download."""
        return self.done_files >= self.total_files

    @property
    def percent(self) -> int:
        """Share of the bytes that are there."""
        return 100 * self.done_bytes // max(self.total_bytes, 1)

    def __str__(self) -> str:
        unit, size = ("GB", 1e9) if self.total_bytes >= 1e9 else ("MB", 1e6)
        amounts = f"{self.done_bytes / size:.1f} of {self.total_bytes / size:.1f} {unit}"
        return f"Downloading the {self.model} model: {amounts} ..."


OnProgress = Callable[[LoadProgress], None]


class ProgressFile:
    """The worker's end: writes at most once in `WRITE_SECONDS`, and the completion in any case.

    path: where to write, or None where nobody wants to know.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._not_before = float("-inf")

    def __call__(self, progress: LoadProgress) -> None:
        """Tell how far it is, if it is time."""
        if self._path is None or (self._clock() < self._not_before and not progress.complete):
            return
        self._not_before = self._clock() + WRITE_SECONDS
        # A download that cannot be told of is one all the same.
        with contextlib.suppress(OutputError):
            write_whole(self._path, json.dumps(asdict(progress)).encode())


class Milestones:
    """Picks what deserves a line of its own: a tenth more, or half a minute later."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._percent = -MILESTONE_PERCENT
        self._since = 0.0

    def reached(self, progress: LoadProgress) -> bool:
        """Whether this is one; it is the one that the next is counted from."""
        now = self._clock()
        waited = now - self._since >= MILESTONE_SECONDS
        if progress.percent - self._percent < MILESTONE_PERCENT and not waited:
            return False
        self._percent = progress.percent - progress.percent % MILESTONE_PERCENT
        self._since = now
        return True


@contextlib.asynccontextmanager
async def watching(on_progress: OnProgress) -> AsyncIterator[Path | None]:
    """Yield the path of a file for `ProgressFile`, and pass on what is written to it meanwhile.

    The last state is passed on before the block is left; the file goes away with it. None where no
    temporary file can be made: loading goes on untold.
    """
    try:
        directory = tempfile.TemporaryDirectory(prefix="mynah-", ignore_cleanup_errors=True)
    except OSError:
        yield None
        return
    with directory as name:
        path = Path(name) / "progress.json"
        watcher = _Watcher(path, on_progress)
        polling = asyncio.create_task(watcher.poll(), name="load-progress")
        try:
            yield path
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
            watcher.look()


class _Watcher:
    def __init__(self, path: Path, on_progress: OnProgress) -> None:
        self._path, self._on_progress = path, on_progress
        self._last: LoadProgress | None = None

    async def poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self.look()

    def look(self) -> None:
        try:
            progress = LoadProgress(**json.loads(self._path.read_bytes()))
        except OSError:
            return  # nothing is downloaded, or not yet
        if progress != self._last:
            self._last = progress
            self._on_progress(progress)
