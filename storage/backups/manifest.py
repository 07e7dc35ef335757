"""What a backup says about itself: a line of JSON about the whole, then one for each file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from storage.clips import CLIP_SUFFIX
from storage.errors import BackupError
from storage.layout import CLIPS_NAME, DATABASE_NAME, LOST_NAME
from storage.texts import excerpt

MANIFEST_NAME = "manifest.jsonl"
FORMAT = "mynah backup 1"

MOST_BYTES = 32 * 1024 * 1024
"""Of a manifest: some 160,000 recordings."""

MOST_CLIP_BYTES = 16 * 1024 * 1024
"""Of a file that may be a recording; the longest takes less."""

MOST_DATABASE_BYTES = 8**11 - 1
"""As much as a tar archive of the plainest kind can say: 8 GiB."""

_MOST_LINE = 64 * 1024
_CLIP = re.compile(
    rf"({CLIPS_NAME}|{LOST_NAME})/[0-9a-f]{{64}}(\.[0-9]{{1,3}})?{re.escape(CLIP_SUFFIX)}"
)
_HASH = re.compile("[0-9a-f]{64}")
_KEY = re.compile("[0-9a-f]{16}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]{8,20}\+00:00")


@dataclass(frozen=True, slots=True)
class About:
    """A backup as a whole.

    mynah: the version that made it. schema: of the database. made_at: ISO 8601 in UTC. voices: how
    many. keys: by the keys of which ids something in it is sealed. files: how many there are, with
    the database.
    """

    mynah: str
    schema: int
    made_at: str
    voices: int
    keys: tuple[str, ...]
    files: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. name: where it lies in the data directory. sha256: of its content, hexadecimal."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, in order; the database is first."""

    about: About
    entries: tuple[Entry, ...]

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(entry.bytes for entry in self.entries)

    def encoded(self) -> bytes:
        """Return the manifest as it is written. Raises BackupError for too many files."""
        lines = [{"format": FORMAT, **asdict(self.about)}, *map(asdict, self.entries)]
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode("ascii")
        if len(content) > MOST_BYTES:
            raise BackupError(
                f"{len(self.entries)} files are too many for one backup. Stop the bot and copy the "
                "data directory as it is."
            )
        return content


def parse(chunks: Iterable[bytes]) -> Manifest:
    """Return the manifest that was written so; holds to every bound, whatever the bytes say.

    Raises BackupError.
    """
    lines = _lines(chunks)
    about = _about(_object(next(lines, b"")))
    entries: list[Entry] = []
    names: set[str] = set()
    for line in lines:
        entry = _entry(_object(line))
        if len(entries) >= about.files or entry.name in names:
            raise _wrong("it lists a file twice, or more than it says")
        if (entry.name == DATABASE_NAME) != (not entries):
            raise _wrong("the database is not its first file")
        names.add(entry.name)
        entries.append(entry)
    if len(entries) != about.files or not entries:
        raise _wrong("it does not list all its files")
    return Manifest(about, tuple(entries))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > _MOST_LINE:
            raise _wrong("its list of files has a line without an end")
    if rest:
        raise _wrong("its list of files is cut off")


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line) if len(line) <= _MOST_LINE else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _wrong("its list of files cannot be read")
    return value


def _about(line: dict[str, Any]) -> About:
    written = line.get("format")
    if written != FORMAT:
        if isinstance(written, str) and written.startswith("mynah backup "):
            raise BackupError("The backup was made by a newer Mynah. Update Mynah first.")
        raise _wrong("it does not say that it is one")
    keys = line.get("keys")
    if not isinstance(keys, list) or len(keys) > 1000:
        raise _wrong("it does not say which keys it needs")
    return About(
        excerpt(_text(line, "mynah"), 40),
        _whole(line, "schema", 1_000_000),
        _text(line, "made_at", _TIME),
        _whole(line, "voices", 2**53),
        tuple(_text({"keys": key}, "keys", _KEY) for key in keys),
        _whole(line, "files", MOST_BYTES),
    )


def _entry(line: dict[str, Any]) -> Entry:
    name = _text(line, "name")
    if name != DATABASE_NAME and not _CLIP.fullmatch(name):
        raise _wrong(f"it holds a file that no backup has (“{excerpt(name, 60)}”)")
    most = MOST_DATABASE_BYTES if name == DATABASE_NAME else MOST_CLIP_BYTES
    return Entry(name, _whole(line, "bytes", most), _text(line, "sha256", _HASH))


def _text(line: dict[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = line.get(key)
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise _wrong(f"“{key}” in its list of files is wrong")
    return value


def _whole(line: dict[str, Any], key: str, most: int) -> int:
    value = line.get(key)
    if type(value) is not int or not 0 <= value <= most:
        raise _wrong(f"“{key}” in its list of files is wrong")
    return value


def _wrong(what: str) -> BackupError:
    return BackupError(f"It is no backup of Mynah, or was changed: {what}.")


def is_clip_name(name: str) -> bool:
    """Whether a name, with its directory, is that of a recording in a backup."""
    return _CLIP.fullmatch(name) is not None
