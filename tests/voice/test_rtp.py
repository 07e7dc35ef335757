"""RTP as voice servers send it; sealed by the loopback's own code."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.rtp import TransportCipher, read_header
from loopback.rtp import OutgoingPacket
from loopback.rtp import TransportCipher as ServersCipher

KEY = secrets.token_bytes(32)
PACKET = OutgoingPacket(65_535, 2**32 - 1, 4_000, b"\xf8abc", b"\x10\xff\x00\x00", 3)


def opened(datagram: bytes, key: bytes = KEY) -> bytes | None:
    header = read_header(datagram)
    assert header is not None
    return TransportCipher(key).open(header, datagram)


@given(
    payload=st.binary(min_size=1, max_size=200),
    words=st.integers(0, 8),
    padding=st.integers(0, 255),
)
def test_payload_comes_without_extension_and_padding(
    payload: bytes, words: int, padding: int
) -> None:
    packet = OutgoingPacket(1, 2, 3, payload, bytes(4 * words), padding)
    assert opened(ServersCipher(KEY).seal(packet)) == payload


def test_header_is_read() -> None:
    header = read_header(ServersCipher(KEY).seal(PACKET))
    assert header is not None
    assert (header.sequence, header.timestamp, header.ssrc) == (65_535, 2**32 - 1, 4_000)


def test_packet_of_another_key_is_not_opened() -> None:
    assert opened(ServersCipher(KEY).seal(PACKET), secrets.token_bytes(32)) is None


def test_changed_header_is_noticed() -> None:
    datagram = bytearray(ServersCipher(KEY).seal(PACKET))
    datagram[3] ^= 1
    assert opened(bytes(datagram)) is None


def test_padding_that_is_longer_than_the_packet_leaves_nothing() -> None:
    packet = OutgoingPacket(1, 2, 3, b"\xff", b"", 0)
    sealed = ServersCipher(KEY).seal(packet)
    header = read_header(sealed)
    assert header is not None
    longer = type(header)(1, 2, 3, header.size, 0, padded=True)
    assert TransportCipher(KEY).open(longer, sealed) is None


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        bytes(8),  # a keepalive's answer
        b"\x81\xc9" + bytes(30),  # RTCP, a receiver report
        b"\x80\x65" + bytes(30),  # video
        b"\x90\x78" + bytes(14),  # an extension that is cut off
        b"\x40\x78" + bytes(30),  # another version
    ],
)
def test_what_is_no_sound_is_left_alone(datagram: bytes) -> None:
    header = read_header(datagram)
    assert header is None or TransportCipher(KEY).open(header, datagram) is None


@given(st.binary(max_size=64))
def test_no_datagram_raises(datagram: bytes) -> None:
    header = read_header(datagram)
    if header is not None:
        assert TransportCipher(KEY).open(header, datagram) is None
