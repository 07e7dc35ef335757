"""The directory lost/: recordings that no voice needs, but that nobody asked to delete.

An older mynah.db beside newer clips, or a damaged row, makes them. Nothing is removed from there; a
recording that a voice needs again goes back by itself.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

from storage.clips import CLIP_SUFFIX, TEMPORARY_SUFFIX, load_clip
from storage.errors import DamagedClipError, StorageError
from storage.files import sync_directory
from storage.layout import LOST_NAME
from storage.private import make_private_directory
from storage.sealing import KeyRing
from storage.types import LostClip

_NAME = re.compile(rf"[0-9a-f]{{64}}(\.[0-9]{{1,3}})?{re.escape(CLIP_SUFFIX)}")
_MAX_SAME_NAMES = 1000

log = logging.getLogger(__name__)


def lost_directory(clips: Path) -> Path:
    """Where recordings without a voice lie."""
    return clips.parent / LOST_NAME


def move(clips: Path, name: str) -> bool:
    """Move a file from clips/ to lost/, unless it is gone. Raises OSError."""
    lost = lost_directory(clips)
    make_private_directory(lost)
    try:
        (clips / name).rename(_free_name(lost, name))
    except FileNotFoundError:
        return False
    return True


def take_back(clips: Path, sha256: str, keys: KeyRing) -> bool:
    """Bring a recording back to clips/, if it lies in lost/ and is whole."""
    lost = lost_directory(clips)
    for path in sorted(lost.glob(f"{sha256}*{CLIP_SUFFIX}")):
        try:
            load_clip(path, sha256, keys)
            path.rename(clips / f"{sha256}{CLIP_SUFFIX}")
            sync_directory(clips)
        except (StorageError, OSError) as error:
            # Not its name, nor the error, which has it: a log is to hold no hash of a recording.
            log.warning("A recording in %s cannot be brought back (%s).", lost, _reason(error))
            continue
        return True
    return False


def set_aside_damaged(clips: Path, keys: KeyRing, take: Callable[[Path], None]) -> None:
    """Have recordings taken away that are damaged and of which lost/ has a whole copy.

    So they count as missing, and the copy goes back. Raises OSError.
    """
    for copy in sorted(lost_directory(clips).glob(f"*{CLIP_SUFFIX}")):
        sha256 = copy.name.partition(".")[0]
        path = clips / f"{sha256}{CLIP_SUFFIX}"
        if path.exists() and _is_whole(copy, sha256, keys) and _is_damaged(path, sha256, keys):
            take(path)


def _is_whole(path: Path, sha256: str, keys: KeyRing) -> bool:
    try:
        load_clip(path, sha256, keys)
    except StorageError:
        return False
    return True


def _is_damaged(path: Path, sha256: str, keys: KeyRing) -> bool:
    try:
        load_clip(path, sha256, keys)
    except DamagedClipError:
        return True
    except StorageError:  # sealed by a key that is not there
        return False
    return False


def remove_copies(clips: Path, sha256: str) -> None:
    """Remove a recording whose voice was deleted. Raises OSError."""
    for path in lost_directory(clips).glob(f"{sha256}*{CLIP_SUFFIX}"):
        path.unlink(missing_ok=True)


def remove_all(clips: Path) -> int:
    """Remove every clip, in clips/ and in lost/; return how many. Raises OSError."""
    files = [
        path
        for directory in (clips, lost_directory(clips))
        for path in directory.glob(f"*{CLIP_SUFFIX}")
    ]
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


def list_lost(clips: Path) -> tuple[LostClip, ...]:
    """Return the recordings in lost/, by name; none if it cannot be read, which the log says."""
    lost = lost_directory(clips)
    try:
        with os.scandir(lost) as entries:
            found = [
                LostClip(Path(entry.path), entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if _NAME.fullmatch(entry.name)
            ]
    except FileNotFoundError:
        return ()
    except OSError as error:
        log.warning("%s cannot be read (%s).", lost, error.strerror)
        return ()
    return tuple(sorted(found, key=lambda clip: clip.path.name))


def _reason(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is damaged"


def list_unfinished(clips: Path) -> list[str]:
    """Return the names of temporary files that were left in lost/ when a key was changed."""
    return sorted(path.name for path in lost_directory(clips).glob(f"*{TEMPORARY_SUFFIX}"))


def _free_name(lost: Path, name: str) -> Path:
    """Return a name in lost/ that nothing has: what lies there may be whole where this is not."""
    stem = name.removesuffix(CLIP_SUFFIX)
    names = (name, *(f"{stem}.{number}{CLIP_SUFFIX}" for number in range(1, _MAX_SAME_NAMES)))
    for candidate in names:
        if not os.path.lexists(lost / candidate):
            return lost / candidate
    raise FileExistsError(errno.EEXIST, "too many files of one name", str(lost / name))
