"""Encryption at rest: what is stored of people is sealed under a key, where there is one.

libsodium's XChaCha20-Poly1305 with a random nonce. A sealed content begins with a header, so that
sealed and plain ones can stand side by side: 7 bytes that nothing else begins with, 1 of the
version, 8 that name the key; then 24 bytes of nonce, the ciphertext and 16 of authentication.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from storage.errors import BrokenSealError, KeyFileError, UnknownKeyError
from storage.key_file import KEY_BYTES, read_keys

VERSION = 1
HEADER_BYTES = 16
BEGINNING_BYTES = HEADER_BYTES + 24
"""Of header and nonce."""

_MAGIC = b"\x8fmynah\n"  # neither text in UTF-8 nor gzip; a copy that changed line ends breaks it
_ID_BYTES = 8

_Stamp: TypeAlias = tuple[int, int, int, int]


def clip_context(sha256: str) -> bytes:
    """What a clip is sealed for: the hash of its samples, in hexadecimal."""
    return f"clip {sha256}".encode()


def evidence_context(voice_id: int, clip_sha256: str) -> bytes:
    """What the evidence of a consent is sealed for: a voice and one of its recordings."""
    return f"consent {voice_id} {clip_sha256}".encode()


def is_sealed(content: bytes) -> bool:
    """Whether a content, or its first `HEADER_BYTES`, is sealed."""
    return content.startswith(_MAGIC)


def sealing_key(content: bytes) -> str | None:
    """Return the id of the key that a content, or its first `HEADER_BYTES`, was sealed with.

    None for one that is not sealed.
    """
    return content[HEADER_BYTES - _ID_BYTES : HEADER_BYTES].hex() if is_sealed(content) else None


def key_id(key: bytes) -> str:
    """Return a key's name: 16 hexadecimal digits, a hash that says nothing about the key."""
    return hashlib.blake2b(key, digest_size=_ID_BYTES, person=b"mynah key id").hexdigest()


class KeyRing:
    """Keys of 32 bytes: the first seals, all open. An empty one seals nothing.

    Keys of a file follow the file. For threads and, by pickle, for workers; shows no key.
    """

    def __init__(self, keys: Sequence[bytes] = (), file: Path | None = None) -> None:
        """file: where the keys were read, which is looked at again. Raises ValueError."""
        if any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self.file = file
        self._keys = {key_id(key): key for key in keys}
        self._stamp: _Stamp | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_file(cls, file: Path) -> KeyRing:
        """Return the keys in a file. Raises KeyFileError."""
        ring = cls(file=file.absolute())
        ring.refresh()
        return ring

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys, the one that seals first."""
        return tuple(self._keys)

    @property
    def newest(self) -> str | None:
        """The id of the key that seals."""
        return next(iter(self._keys), None)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def __reduce__(self) -> tuple[type[KeyRing], tuple[tuple[bytes, ...], Path | None]]:
        return KeyRing, (tuple(self._keys.values()), self.file)

    def seal(self, content: bytes, context: bytes) -> bytes:
        """Return the content sealed for a context, unchanged where there is no key.

        To be called in the transaction of SQLite that stores it: a rotation, which takes a key out
        of the file, waits for that.

        Raises KeyFileError if the keys cannot be read any more.
        """
        self.refresh()
        if not self._keys:
            return content
        newest, key = next(iter(self._keys.items()))
        header = _MAGIC + bytes([VERSION]) + bytes.fromhex(newest)
        return header + _cipher_seal(key, content, header + context)

    def open_sealed(self, content: bytes, context: bytes) -> bytes:
        """Return what was sealed for that context; what is not sealed, unchanged.

        Raises UnknownKeyError; BrokenSealError for what was changed, or sealed for another context.
        """
        if not is_sealed(content):
            return content
        return self.open_parts(content[:BEGINNING_BYTES], content[BEGINNING_BYTES:], context)

    def open_parts(self, beginning: bytes, rest: bytes, context: bytes) -> bytes:
        """Do as `open_sealed` for a content whose first `BEGINNING_BYTES` are apart.

        That saves copies of what is large.
        """
        name = sealing_key(beginning)
        if name is None:
            return beginning + rest
        header, nonce = beginning[:HEADER_BYTES], beginning[HEADER_BYTES:]
        if len(beginning) < BEGINNING_BYTES:
            raise BrokenSealError("it is cut off")
        if header[len(_MAGIC)] != VERSION:
            raise BrokenSealError("it was sealed by a newer Mynah")
        return _cipher_open(self._find(name), rest, nonce, header + context)

    def knows(self, name: str) -> bool:
        """Whether the key of that id is there, after another look at the file."""
        if name not in self._keys:
            with contextlib.suppress(KeyFileError):
                self.refresh()
        return name in self._keys

    def refresh(self) -> None:
        """Read the file again, if it is another than before. Raises KeyFileError."""
        if self.file is None:
            return
        with self._lock:
            stamp = _stamp(self.file)
            if stamp is None or stamp != self._stamp:
                keys = read_keys(self.file)
                self._keys = {key_id(key): key for key in keys}
                self._stamp = stamp

    def _find(self, name: str) -> bytes:
        if not self.knows(name):
            raise UnknownKeyError(
                f"it is sealed by the key {name}, which is not there. Bring that key back to "
                f"{self.origin}"
            )
        return self._keys[name]

    @property
    def origin(self) -> str:
        """Where keys belong, for texts."""
        return str(self.file) if self.file is not None else "storage.key_file"


NO_KEYS = KeyRing()
"""Seals nothing, and opens what is not sealed."""


def _stamp(file: Path) -> _Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _cipher_seal(key: bytes, content: bytes, associated: bytes) -> bytes:
    # Imported here: 20 ms that nobody without a key waits for.
    from nacl.secret import Aead

    return Aead(key).encrypt(content, associated)  # with a random nonce


def _cipher_open(key: bytes, sealed: bytes, nonce: bytes, associated: bytes) -> bytes:
    from nacl.exceptions import CryptoError
    from nacl.secret import Aead

    try:
        return Aead(key).decrypt(sealed, associated, nonce)
    except (CryptoError, ValueError):
        raise BrokenSealError(
            "it was changed since it was sealed, or belongs to something else"
        ) from None
