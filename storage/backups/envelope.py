"""A backup sealed as a whole, in a stream: libsodium's secretstream over chunks of one size.

A key of its own, which the storage key seals as it does recordings; so the envelope begins with
`MAGIC`, that sealed key, and the stream's header. The last chunk is marked, so that a cut shows.
"""

from __future__ import annotations

import secrets

from storage.backups.tape import Sink, Source
from storage.errors import BackupError, BrokenSealError, UnknownKeyError
from storage.key_file import KEY_BYTES
from storage.sealing import BEGINNING_BYTES, KeyRing

MAGIC = b"mynah sealed backup 1\n"

_CHUNK = 256 * 1024
_CONTEXT = b"backup"
_TAG_BYTES = 16
_SEALED_KEY_BYTES = BEGINNING_BYTES + KEY_BYTES + _TAG_BYTES


class EnvelopeWriter:
    """Seals what is written to it. Raises KeyFileError."""

    def __init__(self, sink: Sink, keys: KeyRing) -> None:
        """keys: at least one."""
        # Imported here: nobody without a key waits for it.
        from nacl import bindings

        self._push = bindings.crypto_secretstream_xchacha20poly1305_push
        self._final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self._sink, self._waiting = sink, bytearray()
        key = secrets.token_bytes(KEY_BYTES)
        sealed = keys.seal(key, _CONTEXT)
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        sink.write(MAGIC + sealed + header)

    def write(self, content: bytes) -> None:
        """Seal some more."""
        self._waiting += content
        # Never all of it: the last chunk is written by `finish`.
        while len(self._waiting) > _CHUNK:
            self._sink.write(self._push(self._state, bytes(self._waiting[:_CHUNK])))
            del self._waiting[:_CHUNK]

    def finish(self) -> None:
        """Seal the end."""
        self._sink.write(self._push(self._state, bytes(self._waiting), tag=self._final))


class EnvelopeReader:
    """Opens what was sealed so, from behind `MAGIC`. Raises BackupError, UnknownKeyError."""

    def __init__(self, source: Source, keys: KeyRing) -> None:
        from nacl import bindings

        self._pull = bindings.crypto_secretstream_xchacha20poly1305_pull
        self._final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        self._step = _CHUNK + bindings.crypto_secretstream_xchacha20poly1305_ABYTES
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self._source, self._opened, self._ended = source, b"", False
        key = _key(_upto(source, _SEALED_KEY_BYTES), keys)
        header = _upto(source, bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
        try:
            bindings.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)
        except (TypeError, ValueError, RuntimeError):
            raise _changed() from None

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end."""
        while not self._opened and not self._ended:
            self._opened = self._next()
        content, self._opened = self._opened[:size], self._opened[size:]
        return content

    def _next(self) -> bytes:
        chunk = _upto(self._source, self._step)
        if not chunk:
            raise BackupError("The backup is cut off: it ends before all of it was read.")
        try:
            content, tag = self._pull(self._state, chunk)
        except (TypeError, ValueError, RuntimeError):
            raise _changed() from None
        if tag == self._final:
            self._ended = True
            if self._source.read(1):
                raise _changed()
        elif len(chunk) < self._step:
            raise _changed()
        return bytes(content)


class Opened:
    """A backup's bytes, of which some were read before."""

    def __init__(self, beginning: bytes, source: Source) -> None:
        self._beginning, self._source = beginning, source

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end."""
        if self._beginning:
            content, self._beginning = self._beginning[:size], self._beginning[size:]
            return content
        return self._source.read(size)


def opened(source: Source, keys: KeyRing) -> Source:
    """Return what a backup holds, whether it is sealed or not.

    Raises BackupError, UnknownKeyError.
    """
    beginning = _upto(source, len(MAGIC))
    if beginning == MAGIC:
        return EnvelopeReader(source, keys)
    return Opened(beginning, source)


def _key(sealed: bytes, keys: KeyRing) -> bytes:
    try:
        key = keys.open_sealed(sealed, _CONTEXT)
    except BrokenSealError:
        raise _changed() from None
    except UnknownKeyError as error:
        raise UnknownKeyError(f"The backup cannot be opened: {error}.") from None
    if len(key) != KEY_BYTES:
        raise _changed()
    return key


def _upto(source: Source, size: int) -> bytes:
    pieces = []
    while size and (piece := source.read(size)):
        size -= len(piece)
        pieces.append(piece)
    return b"".join(pieces)


def _changed() -> BackupError:
    return BackupError("The backup was changed since it was sealed, or is damaged or cut off.")
