"""The directory lost/: recordings that no voice needs, but that nobody asked to delete.

An older mynah.db beside newer clips, or a damaged row, makes them. Nothing is removed from there; a
recording that a voice needs again goes back by itself.
"""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Callable

from storage.clip_files import ClipFiles, ClipFolder, clip_name, unlistable
from storage.clips import CLIP_SUFFIX, FAILING, TEMPORARY_SUFFIX, StoredClip, load_clip
from storage.errors import DamagedClipError, StorageError
from storage.sealing import KeyRing
from storage.types import LostClip

_NAME = re.compile(rf"[0-9a-f]{{64}}(\.[0-9]{{1,3}})?{re.escape(CLIP_SUFFIX)}")
_MAX_SAME_NAMES = 1000

log = logging.getLogger(__name__)


def move(clips: ClipFiles, name: str) -> bool:
    """Move a file from clips/ to lost/, unless it is gone. Raises OSError."""
    return clips.set_aside(name, _free_name(clips.lost, name))


def take_back(clips: ClipFiles, sha256: str, keys: KeyRing) -> bool:
    """Bring a recording back to clips/, if it lies in lost/ and is whole."""
    for name in copies(clips, sha256):
        try:
            load_clip(clips.lost.clip(name), sha256, keys)
            clips.bring_back(name, clip_name(sha256))
        except (StorageError, OSError) as error:
            # Not its name, nor the error, which has it: a log is to hold no hash of a recording.
            log.warning(
                "A recording in %s cannot be brought back (%s).", clips.lost, _reason(error)
            )
            continue
        return True
    return False


def copies(clips: ClipFiles, sha256: str = "") -> list[str]:
    """Return the names of a recording's files in lost/, or of all recordings' there.

    Raises OSError.
    """
    return sorted(
        name
        for name in _names(clips.lost)
        if name.startswith(sha256) and name.endswith(CLIP_SUFFIX)
    )


def set_aside_damaged(clips: ClipFiles, keys: KeyRing, take: Callable[[str], None]) -> None:
    """Have recordings taken away that are damaged and of which lost/ has a whole copy.

    So they count as missing, and the copy goes back. take: is told the name of one in clips/.
    Raises OSError.
    """
    for copy in copies(clips):
        sha256 = copy.partition(".")[0]
        name = clip_name(sha256)
        if (
            clips.kept.exists(name)
            and _is_whole(clips.lost.clip(copy), sha256, keys)
            and _is_damaged(clips.kept.clip(name), sha256, keys)
        ):
            take(name)


def _is_whole(stored: StoredClip, sha256: str, keys: KeyRing) -> bool:
    try:
        load_clip(stored, sha256, keys)
    except StorageError:
        return False
    return True


def _is_damaged(stored: StoredClip, sha256: str, keys: KeyRing) -> bool:
    try:
        load_clip(stored, sha256, keys)
    except DamagedClipError:
        return True
    except StorageError:  # sealed by a key that is not there
        return False
    return False


def remove_copies(clips: ClipFiles, sha256: str) -> None:
    """Remove a recording whose voice was deleted. Raises OSError."""
    for name in copies(clips, sha256):
        clips.lost.delete(name)


def recordings(clips: ClipFiles) -> list[tuple[ClipFolder, str]]:
    """Return where recordings lie and their names, also of those in lost/.

    Raises StorageError for a folder that cannot be looked at, which must not count as empty.
    """
    found: list[tuple[ClipFolder, str]] = []
    for folder in (clips.kept, clips.lost):
        try:
            names = sorted(folder.names())
        except FileNotFoundError:  # lost/ is made when something comes there
            continue
        except OSError as error:
            raise unlistable(folder, error) from error
        found += [(folder, name) for name in names if name.endswith(CLIP_SUFFIX)]
    return found


def remove_all(clips: ClipFiles) -> int:
    """Remove every clip, in clips/ and in lost/; return how many.

    Raises OSError, StorageError.
    """
    files = recordings(clips)
    clips.each(lambda file: file[0].delete(file[1]), files)
    return len(files)


def list_lost(clips: ClipFiles) -> tuple[LostClip, ...]:
    """Return the recordings in lost/, by name; none if it cannot be read, which the log says."""
    try:
        names = sorted(name for name in clips.lost.names() if _NAME.fullmatch(name))
        sizes = clips.lost.sizes(names)
    except FileNotFoundError:
        return ()
    except OSError as error:
        log.warning("%s cannot be read (%s).", clips.lost, error.strerror)
        return ()
    return tuple(LostClip(str(clips.lost), name, sizes.get(name, 0)) for name in names)


def _names(folder: ClipFolder) -> list[str]:
    """Return what lies there; nothing where there is no such folder that this user may read."""
    try:
        return folder.names()
    except OSError as error:
        if error.errno in FAILING:
            raise
        return []


def _reason(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is damaged"


def list_unfinished(clips: ClipFiles) -> list[str]:
    """Return the names of temporary files that were left in lost/ when a key was changed."""
    return sorted(name for name in _names(clips.lost) if name.endswith(TEMPORARY_SUFFIX))


def _free_name(lost: ClipFolder, name: str) -> str:
    """Return a name in lost/ that nothing has: what lies there may be whole where this is not."""
    stem = name.removesuffix(CLIP_SUFFIX)
    names = (name, *(f"{stem}.{number}{CLIP_SUFFIX}" for number in range(1, _MAX_SAME_NAMES)))
    for candidate in names:
        if not lost.exists(candidate):
            return candidate
    raise FileExistsError(errno.EEXIST, "too many files of one name", f"{lost}/{name}")
