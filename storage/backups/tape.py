"""A tar archive written and read from its beginning to its end, of plain files alone.

Read by own code over `tarfile.TarInfo`: what else the format has (links, devices, sparse files,
headers of any length) is refused with its first block, and nothing that a header says is believed
that the list of files did not say before.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from storage.backups.manifest import MANIFEST_NAME, MOST_BYTES, Entry, Manifest, parse
from storage.errors import BackupError

CHUNK = 1024 * 1024

_BLOCK = tarfile.BLOCKSIZE
_END = 2 * _BLOCK
_MTIME = 0  # the same data gives the same bytes

OnBytes = Callable[[int], None]
"""Told how many bytes more are done."""


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many, none at the end."""


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, content: bytes, /) -> object:
        """Write all."""


def write_member(sink: Sink, name: str, size: int, chunks: Iterator[bytes]) -> None:
    """Write a file. Raises BackupError if it has not the size that was said."""
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, _MTIME
    sink.write(header.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
    written = 0
    for chunk in chunks:
        written += len(chunk)
        sink.write(chunk)
    if written != size:
        raise BackupError(f"{name} changed while it was read. Try again.")
    sink.write(bytes(-size % _BLOCK))


def write_end(sink: Sink) -> None:
    """Write what ends an archive."""
    sink.write(bytes(_END))


def chunks_of(file: Source) -> Iterator[bytes]:
    """Yield what is left of a file."""
    while chunk := file.read(CHUNK):
        yield chunk


class Tape:
    """Reads an archive of which the first file lists the others. Every method raises BackupError.

    source: what has `read`; a read may return fewer bytes than were asked for.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def manifest(self) -> Manifest:
        """Read the list of files."""
        name, size = self._header()
        if name != MANIFEST_NAME or size > MOST_BYTES:
            raise BackupError("It is no backup of Mynah: it does not begin with a list of files.")
        return parse(self._content(size))

    def extract(self, entry: Entry, sink: BinaryIO | None, on_bytes: OnBytes) -> None:
        """Read the next file, which must be that one, and check it. sink: where it goes, if any."""
        if self._header() != (entry.name, entry.bytes):
            raise BackupError(f"The backup is damaged: {entry.name} is not where it belongs.")
        sha256 = hashlib.sha256()
        for chunk in self._content(entry.bytes):
            sha256.update(chunk)
            if sink is not None:
                sink.write(chunk)
            on_bytes(len(chunk))
        if sha256.hexdigest() != entry.sha256:
            raise BackupError(f"The backup is damaged: {entry.name} is not what was backed up.")

    def end(self) -> None:
        """Read the end, after which there is nothing."""
        if self._exactly(_END).strip(b"\0") or self._source.read(1):
            raise BackupError("The backup was changed: something follows its last file.")

    def _header(self) -> tuple[str, int]:
        block = self._exactly(_BLOCK)
        try:
            header = tarfile.TarInfo.frombuf(block, "ascii", "surrogateescape")
        except (tarfile.HeaderError, ValueError, OverflowError):
            raise BackupError("It is no backup of Mynah, or it is damaged.") from None
        if header.type != tarfile.REGTYPE or header.size < 0 or header.linkname:
            raise BackupError("It is no backup of Mynah: it holds more than plain files.")
        return header.name, header.size

    def _content(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            chunk = self._exactly(min(left, CHUNK))
            left -= len(chunk)
            yield chunk
        if self._exactly(-size % _BLOCK).strip(b"\0"):
            raise BackupError("The backup was changed: there is something between its files.")

    def _exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = self._source.read(size)
            if not piece:
                raise BackupError("The backup is cut off: it ends before all of it was read.")
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)
