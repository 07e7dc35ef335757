"""RTP packets as a voice server sends them: header, transport encryption, extension, padding."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_FIXED_BYTES, _NONCE_BYTES, _EXTENSION_BYTES = 12, 4, 4
_BOX_NONCE_BYTES = 24  # of XChaCha20-Poly1305
_VERSION, _OPUS = 2, 120


@dataclass(frozen=True, slots=True)
class RtpHeader:
    """What stands before the encrypted part of a packet of sound.

    sequence: modulo 2**16. timestamp: in samples at 48 kHz, modulo 2**32. size: in bytes, with the
    extension's own header. extension: bytes of it that stand at the start of the encrypted part.
    """

    sequence: int
    timestamp: int
    ssrc: int
    size: int
    extension: int
    padded: bool


def read_header(datagram: bytes) -> RtpHeader | None:
    """Return the header of a packet of Opus; None for anything else (RTCP, keepalives, video).

    Sources: RFC 3550, section 5.1 and 5.3.1; Discord's payload type is 120.
    """
    if len(datagram) < _FIXED_BYTES + _NONCE_BYTES:
        return None
    flags, kind, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", datagram)
    if flags >> 6 != _VERSION or kind & 0x7F != _OPUS:
        return None
    size = _FIXED_BYTES + 4 * (flags & 0x0F)
    extension = 0
    if flags & 0x10:
        size += _EXTENSION_BYTES
        if size > len(datagram):
            return None
        extension = 4 * int.from_bytes(datagram[size - 2 : size], "big")
    return RtpHeader(sequence, timestamp, ssrc, size, extension, bool(flags & 0x20))


class TransportCipher:
    """Opens packets of `aead_xchacha20_poly1305_rtpsize`, the one mode that discord.py takes.

    Source: https://discord.com/developers/docs/topics/voice-connections#transport-encryption-modes
    """

    def __init__(self, key: bytes) -> None:
        """Make one for the key of a session, 32 bytes."""
        from nacl.exceptions import CryptoError
        from nacl.secret import Aead  # here: where it is missing, the start says so

        self._box, self._refusal = Aead(key), CryptoError

    def open(self, header: RtpHeader, datagram: bytes) -> bytes | None:
        """Return the payload, without extension and padding; None if it cannot be read."""
        nonce = datagram[-_NONCE_BYTES:].ljust(_BOX_NONCE_BYTES, b"\0")
        sealed, known = datagram[header.size : -_NONCE_BYTES], datagram[: header.size]
        try:
            opened = self._box.decrypt(sealed, known, nonce)
        except (self._refusal, ValueError):  # another key, or cut off
            return None
        padding = opened[-1] if header.padded and opened else 0
        end = len(opened) - padding
        return opened[header.extension : end] if header.extension < end else None
