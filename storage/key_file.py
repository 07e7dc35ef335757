"""The file that holds the keys: one a line, in base64, the newest first."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from storage.errors import KeyFileError
from storage.files import open_regular, write_atomically
from storage.private import open_private

KEY_BYTES = 32
"""Length of a key of XChaCha20-Poly1305."""

_MOST_BYTES = 65_536
_PRIVATE_DIRECTORY = Path("/run/secrets")  # a container's own: its files are readable to all in it

_HEADING = """\
# Mynah's keys for recordings; the first seals. Without them the voices are lost: keep a copy
# apart from the backups of the data. `mynah key rotate` changes the key.
"""


def new_key() -> bytes:
    """Return a random key."""
    return secrets.token_bytes(KEY_BYTES)


def parse_keys(text: str, origin: str) -> tuple[bytes, ...]:
    """Return the keys in a text: base64 of 32 bytes each, apart by white space or commas.

    origin: what an error says the text is of. A line that begins with # is a comment.

    Raises KeyFileError, which shows nothing of the text.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = [word for line in lines for word in re.split(r"[\s,]+", line) if word]
    if not words:
        raise KeyFileError(f"There is no key in {origin}. `mynah key new` makes one.")
    keys = tuple(_key(word, number, origin) for number, word in enumerate(words, 1))
    return tuple(dict.fromkeys(keys))


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys in a file. Raises KeyFileError."""
    try:
        with open_regular(path) as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise KeyFileError(
            f"The key file {path} cannot be read ({error.strerror}). Without it no sealed "
            "recording can be heard: bring it back, or check storage.key_file and its permissions. "
            f"Where nothing is sealed yet, `mynah key new {path}` makes one."
        ) from error
    if len(content) > _MOST_BYTES:
        raise KeyFileError(f"The key file {path} is too large to be one. Check storage.key_file.")
    return parse_keys(content.decode("utf-8", errors="replace"), f"the key file {path}")


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Write keys to a file for this user only, whole or not at all. Raises OSError."""
    write_atomically(path, _text(keys).encode(), suffix=".key.tmp")


def create_key_file(path: Path, keys: Sequence[bytes]) -> None:
    """Write a new file for this user only. Raises OSError, also for one that is there."""
    descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_text(keys))
        file.flush()
        os.fsync(file.fileno())


def is_exposed(path: Path) -> bool:
    """Whether others than the file's user and group may read it or change it.

    Files of a service's credentials and of a container's secrets lie where nobody else can look.
    """
    if not path.exists():
        return False
    private = [_PRIVATE_DIRECTORY, *_credentials_directory()]
    resolved = path.resolve()
    if any(resolved.is_relative_to(directory) for directory in private):
        return False
    return bool(resolved.stat().st_mode & stat.S_IRWXO)


def _credentials_directory() -> Iterable[Path]:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    return [Path(directory).resolve()] if directory else []


def _text(keys: Sequence[bytes]) -> str:
    return _HEADING + "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)


def _key(word: str, number: int, origin: str) -> bytes:
    try:
        key = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"Key {number} in {origin} is no key: that is {KEY_BYTES} bytes in base64, as "
            "`mynah key new` makes them."
        ) from None
    return key
