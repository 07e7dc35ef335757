"""Recordings of people whose voices the operator lets nobody enrol, compared with new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import structlog

from bot.errors import MynahError
from storage.types import ReferenceClip

MOST_CLIPS = 200
MOST_BYTES = 25 * 1024 * 1024
"""Of one file; more than enough for a minute of anything."""

Speaker: TypeAlias = npt.NDArray[np.float32]
Stamp: TypeAlias = tuple[str, int, int]
Cut: TypeAlias = Callable[[bytes], Awaitable[ReferenceClip]]
Embed: TypeAlias = Callable[[ReferenceClip], Awaitable[Speaker | None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NoGoClips:
    """The operator's directory of recordings.

    least: how alike two speakers sound who are taken for one, from 0 to 1.
    """

    directory: Path
    least: float


class NoGoSpeakers:
    """Who is heard in the recordings of the directory; each is listened to once.

    cut: makes a clip of a file's content. embed: says how its speaker sounds; None if it cannot,
    and BusyError if not now.
    """

    def __init__(self, clips: NoGoClips, cut: Cut, embed: Embed) -> None:
        self._clips, self._cut, self._embed = clips, cut, embed
        self._known: dict[Stamp, Speaker | None] = {}  # None: a file that is no recording
        self._turn = asyncio.Lock()

    async def holds(self, clip: ReferenceClip) -> bool:
        """Whether a clip's speaker is one of them, as far as the engine can tell.

        Raises `BusyError` where it can, but not now.
        """
        speaker = await self._embed(clip)
        if speaker is None:
            return False
        async with self._turn:
            await self._look()
            known = [other for other in self._known.values() if other is not None]
        return any(float(speaker @ other) >= self._clips.least for other in known)

    async def _look(self) -> None:
        """Listen to what is new in the directory."""
        stamps = await asyncio.to_thread(recordings_in, self._clips.directory)
        self._known = {stamp: known for stamp, known in self._known.items() if stamp in stamps}
        for stamp in stamps:
            if stamp in self._known:
                continue
            clip = await self._clip_of(stamp[0])
            self._known[stamp] = None if clip is None else await self._embed(clip)

    async def _clip_of(self, name: str) -> ReferenceClip | None:
        try:
            content = await asyncio.to_thread((self._clips.directory / name).read_bytes)
            return await self._cut(content)
        except (MynahError, OSError) as error:
            log.warning("recording of no_go_clips not used", stage="enrol", reason=str(error))
            return None


def recordings_in(directory: Path) -> list[Stamp]:
    """Return name, time and size of each file there, in order, at most `MOST_CLIPS`.

    Hidden files and those above `MOST_BYTES` are passed over. Raises nothing: a directory that is
    not there has none, and `mynah check` says so.
    """
    found = []
    try:
        for path in sorted(directory.iterdir()):
            status = path.stat()
            if path.is_file() and not path.name.startswith(".") and status.st_size <= MOST_BYTES:
                found.append((path.name, status.st_mtime_ns, status.st_size))
    except OSError as error:
        log.warning("no_go_clips cannot be read", stage="enrol", reason=error.strerror)
    return found[:MOST_CLIPS]
