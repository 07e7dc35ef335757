"""RTP packets as Discord's voice servers take them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from nacl.secret import Aead

MODE = "aead_xchacha20_poly1305_rtpsize"
_FIXED_HEADER = 12
_NONCE_TAIL = 4


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A packet after transport decryption; under DAVE the payload is still encrypted.

    timestamp: in samples of 48 kHz. arrival_ns: when the kernel received it, since 1970.
    """

    sequence: int
    timestamp: int
    ssrc: int
    arrival_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class OutgoingPacket:
    """A packet of sound to the bot, before transport encryption.

    extension: the body of a header extension, a multiple of 4 bytes. padding: bytes, 0 or more.
    """

    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extension: bytes = b""
    padding: int = 0

    @property
    def header(self) -> bytes:
        """What stays readable: RFC 3550's header and the extension's own."""
        flags = 0x80 | (0x20 if self.padding else 0) | (0x10 if self.extension else 0)
        fixed = struct.pack(">BBHII", flags, 120, self.sequence, self.timestamp, self.ssrc)
        if not self.extension:
            return fixed
        return fixed + struct.pack(">HH", 0xBEDE, len(self.extension) // 4)

    @property
    def body(self) -> bytes:
        """What is encrypted."""
        filler = bytes(self.padding - 1) + bytes([self.padding]) if self.padding else b""
        return self.extension + self.payload + filler


def read_header(datagram: bytes) -> tuple[int, int, int]:
    """Return sequence, timestamp and ssrc."""
    sequence, timestamp, ssrc = struct.unpack_from(">HII", datagram, 2)
    return sequence, timestamp, ssrc


class TransportCipher:
    """Opens and seals packets of `aead_xchacha20_poly1305_rtpsize` with the session's key."""

    def __init__(self, key: bytes) -> None:
        self._box = Aead(key)
        self._sealed = 0

    def seal(self, packet: OutgoingPacket) -> bytes:
        """Return the datagram."""
        self._sealed += 1
        tail = struct.pack(">I", self._sealed)
        nonce = tail.ljust(Aead.NONCE_SIZE, b"\0")
        sealed = self._box.encrypt(packet.body, packet.header, nonce).ciphertext
        return packet.header + sealed + tail

    def open(self, datagram: bytes, arrival_ns: int) -> RtpPacket:
        """Decrypt a datagram; nacl.exceptions.CryptoError if it was not made with this key."""
        size = self._header_size(datagram[0])
        nonce = datagram[-_NONCE_TAIL:].ljust(Aead.NONCE_SIZE, b"\0")
        payload = self._box.decrypt(datagram[size:-_NONCE_TAIL], datagram[:size], nonce)
        return RtpPacket(*read_header(datagram), arrival_ns, payload)

    @staticmethod
    def _header_size(first_byte: int) -> int:
        """In the rtpsize modes the extension's own header stays outside the encryption."""
        contributing, extended = first_byte & 0x0F, bool(first_byte & 0x10)
        return _FIXED_HEADER + 4 * contributing + 4 * extended
