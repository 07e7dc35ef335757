"""The clip as stored: a gzip-compressed pickle of a plain dict, named by its audio's SHA-256.

    {"format": 1, "sample_rate": 24000, "samples": numpy float32 array of shape (n,)}

Any Python with numpy can read it by `pickle.load(gzip.open(path))`, unless it is sealed: then all
of it lies in the envelope of `storage.sealing`. Reading it here trusts nothing: the file may come
from a backup, another machine or another hand.
"""

from __future__ import annotations

import errno
import gzip
import os
import pickle
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from storage.errors import (
    BrokenSealError,
    DamagedClipError,
    UnknownKeyError,
    UnreadableClipError,
)
from storage.files import open_regular, write_atomically
from storage.sealing import (
    BEGINNING_BYTES,
    HEADER_BYTES,
    NO_KEYS,
    KeyRing,
    clip_context,
    is_sealed,
    sealing_key,
)
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from storage.unpickling import FaultError, PickledClip, array_of, unpickle

FORMAT = 1
MAX_CLIP_SECONDS = 120
"""The longest clip that is written or read. Engines condition on 30 s at most."""

CLIP_SUFFIX = ".pickle.gz"
TEMPORARY_SUFFIX = ".clip.tmp"

_MAX_SAMPLES = MAX_CLIP_SECONDS * CLIP_SAMPLE_RATE
_MAX_BYTES = 4 * _MAX_SAMPLES + 4096  # of the pickle; its frame takes about 200
MOST_FILE_BYTES = _MAX_BYTES + 65_536  # gzip and a seal add far less

# 30 s of 16-bit speech: level 1 takes 0.06 s, level 6 0.29 s, level 9 0.99 s and 52, 50 and 49 % of
# the size; resampled float samples shrink to 94 % at any level.
_GZIP_LEVEL = 1

_GZIP = b"\x1f\x8b"
_ADVICE = "Restore the file from a backup, or enrol the voice again."
FAILING = (errno.EIO, errno.ENXIO, errno.ESTALE, errno.ETIMEDOUT)
"""Errors of a disk or of a network's file system, which may be well again in a moment."""


class StoredClip(Protocol):
    """A clip where it lies; its `str` says where, for people."""

    @property
    def advice(self) -> str:
        """What to do where it cannot be read at the moment."""

    def beginning(self, count: int) -> bytes:
        """Return the first bytes, fewer where there are not so many. Raises OSError."""

    def parts(self, count: int, most: int) -> tuple[bytes, bytes, int]:
        """Return the first bytes, what follows them up to `most`, and the size of all.

        Raises OSError.
        """


class ClipFile:
    """A clip in a file of this machine; see `StoredClip`."""

    advice = "Check the disk."

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def beginning(self, count: int) -> bytes:
        """See `StoredClip`."""
        with open_regular(self._path) as file:
            return file.read(count)

    def parts(self, count: int, most: int) -> tuple[bytes, bytes, int]:
        """See `StoredClip`."""
        with open_regular(self._path) as file:
            size = os.fstat(file.fileno()).st_size
            # Not the whole bound: room for what is read is taken before.
            return file.read(count), file.read(min(size, most)), size


def clip_path(directory: Path, sha256: str) -> Path:
    """Where the clip of that hash lies in a directory of clips."""
    return directory / f"{sha256}{CLIP_SUFFIX}"


def encode_clip(clip: ReferenceClip) -> bytes:
    """Return the file's content, not sealed; the same clip gives the same bytes.

    Raises ValueError for samples that are not a float32 array of shape (n,), finite, not empty and
    at most `MAX_CLIP_SECONDS` long.
    """
    samples = clip.samples
    if samples.dtype != np.float32 or samples.ndim != 1:
        raise ValueError(f"samples are {samples.dtype} of shape {samples.shape}")
    fault = _samples_fault(samples)
    if fault:
        raise ValueError(fault)
    content = {
        "format": FORMAT,
        "sample_rate": CLIP_SAMPLE_RATE,
        "samples": np.ascontiguousarray(samples, dtype="<f4"),
    }
    return gzip.compress(pickle.dumps(content, protocol=4), _GZIP_LEVEL, mtime=0)


def write_clip(path: Path, clip: ReferenceClip, keys: KeyRing = NO_KEYS) -> None:
    """Write a clip's file so that it is there whole or not at all, also after a power cut.

    Raises ValueError as `encode_clip` does; KeyFileError; OSError if the file cannot be written.
    """
    content = sealed_content(encode_clip(clip), clip.sha256, keys)
    write_atomically(path, content, TEMPORARY_SUFFIX)


def sealed_content(content: bytes, sha256: str, keys: KeyRing) -> bytes:
    """Return an encoded clip as it is stored, sealed where there is a key. Raises KeyFileError."""
    return keys.seal(content, clip_context(sha256))


def load_clip(
    place: Path | StoredClip, expected_sha256: str, keys: KeyRing = NO_KEYS
) -> ReferenceClip:
    """Read a clip and prove that it is the one of that hash. place: a file, or what else holds it.

    Executes nothing that the file names and takes bounded memory, whatever the file holds.

    Raises UnknownKeyError for one that is sealed by a key that is not there; DamagedClipError,
    which names the file and what is wrong with it; of its kind UnreadableClipError where the disk
    fails.
    """
    stored = _stored(place)
    try:
        return _decoded(_content(stored, expected_sha256, keys), expected_sha256)
    except FaultError as error:
        raise _unusable(stored, error) from error.__cause__


def read_content(place: Path | StoredClip, expected_sha256: str, keys: KeyRing = NO_KEYS) -> bytes:
    """Return a clip's encoded content, not sealed, for `decode_content` on another machine.

    Raises what `load_clip` raises, though what is in it is not looked at.
    """
    stored = _stored(place)
    try:
        return _content(stored, expected_sha256, keys)
    except FaultError as error:
        raise _unusable(stored, error) from error.__cause__


def decode_content(content: bytes, expected_sha256: str) -> ReferenceClip:
    """Do the same as `load_clip` for what `read_content` or `encode_clip` returned.

    Raises DamagedClipError.
    """
    try:
        return _decoded(content, expected_sha256)
    except FaultError as error:
        raise DamagedClipError(
            f"The clip {expected_sha256} cannot be used: {error}. {_ADVICE}"
        ) from error.__cause__


def _decoded(content: bytes, expected_sha256: str) -> ReferenceClip:
    clip = ReferenceClip(_samples_of(unpickle(_decompress(content))))
    if clip.sha256 != expected_sha256:
        raise FaultError(f"its audio has the hash {clip.sha256}, not {expected_sha256}")
    return clip


def glance(place: Path | StoredClip) -> str | None:
    """Check cheaply that a clip's file is there, can be read and begins as one.

    Return the id of the key that it is sealed with, None for one that is not sealed.

    Raises DamagedClipError.
    """
    stored = _stored(place)
    try:
        beginning = stored.beginning(HEADER_BYTES)
    except OSError as error:
        raise _unreadable(stored, error) from error
    if not is_sealed(beginning) and not beginning.startswith(_GZIP):
        raise _damaged(stored, "it is empty or not gzip-compressed")
    return sealing_key(beginning)


def resealed(stored: StoredClip, sha256: str, opening: KeyRing, sealing: KeyRing) -> bytes:
    """Return a clip's file sealed by another key or by none; what is in it is not looked at.

    Raises DamagedClipError, UnknownKeyError, KeyFileError.
    """
    try:
        content = _content(stored, sha256, opening)
    except FaultError as error:
        raise _unusable(stored, error) from error.__cause__
    return sealed_content(content, sha256, sealing)


def _stored(place: Path | StoredClip) -> StoredClip:
    return ClipFile(place) if isinstance(place, Path) else place


def _damaged(stored: StoredClip, fault: str) -> DamagedClipError:
    return DamagedClipError(f"The clip {stored} cannot be used: {fault}. {_ADVICE}")


def _unusable(stored: StoredClip, fault: FaultError) -> DamagedClipError:
    cause = fault.__cause__
    if isinstance(cause, OSError):
        return _unreadable(stored, cause)
    return _damaged(stored, str(fault))


def _unreadable(stored: StoredClip, error: OSError) -> DamagedClipError:
    fault = _reason(error)
    if error.errno not in FAILING:
        return _damaged(stored, fault)
    told = f"The clip {stored} cannot be used now: {fault}. {stored.advice}"
    return UnreadableClipError(told)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    return f"the file cannot be read ({error.strerror or error})"


def _read(stored: StoredClip) -> tuple[bytes, bytes]:
    """Return the beginning of a file, as long as that of a sealed one, and the rest."""
    try:
        beginning, rest, size = stored.parts(BEGINNING_BYTES, MOST_FILE_BYTES + 1)
    except OSError as error:
        raise FaultError(_reason(error)) from error
    if size > MOST_FILE_BYTES:
        raise FaultError(f"it holds more than {MAX_CLIP_SECONDS} s of audio")
    return beginning, rest


def _content(stored: StoredClip, sha256: str, keys: KeyRing) -> bytes:
    """Return what the file holds, opened if it is sealed. Raises FaultError, UnknownKeyError."""
    try:
        return keys.open_parts(*_read(stored), clip_context(sha256))
    except BrokenSealError as error:
        raise FaultError(str(error)) from error
    except UnknownKeyError as error:
        raise UnknownKeyError(f"The clip {stored} cannot be read: {error}.") from error


def _decompress(compressed: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=31)  # gzip only; its checksum is checked at the end
    try:
        content = stream.decompress(compressed, _MAX_BYTES)
    except zlib.error as error:
        raise FaultError(f"it is not whole gzip data ({error})") from error
    if stream.unconsumed_tail:
        raise FaultError(f"it holds more than {MAX_CLIP_SECONDS} s of audio")
    if not stream.eof:
        raise FaultError("it is empty or cut off")
    if stream.unused_data:
        raise FaultError("something follows its end")
    return content


def _samples_of(content: PickledClip) -> npt.NDArray[np.float32]:
    if content.format != FORMAT:
        raise FaultError(f"it has format {content.format} and this version of Mynah reads {FORMAT}")
    if content.sample_rate != CLIP_SAMPLE_RATE:
        raise FaultError(
            f"its sample rate is {content.sample_rate} instead of {CLIP_SAMPLE_RATE} Hz"
        )
    samples = array_of(content)
    fault = _samples_fault(samples)
    if fault:
        raise FaultError(fault)
    return samples


def _samples_fault(samples: npt.NDArray[np.float32]) -> str | None:
    if not len(samples):
        return "it has no samples"
    if len(samples) > _MAX_SAMPLES:
        return f"it holds more than {MAX_CLIP_SECONDS} s of audio"
    if not np.isfinite(samples).all():
        return "some of its samples are not finite numbers"
    return None
