"""What a member was heard to say: Opus packets and where they belong. Nothing is decoded here."""

from __future__ import annotations

from dataclasses import dataclass

OPUS_RATE = 48_000
"""Hz, of all positions and lengths here: what Opus and Discord's RTP timestamps count in."""

SILENCE_FRAME = b"\xf8\xff\xfe"
"""What Discord's clients send when a member stops speaking."""

_MAX_PACKET_SAMPLES = OPUS_RATE * 120 // 1000
_DTX_BYTES = 2


@dataclass(frozen=True, slots=True)
class PlacedPacket:
    """One Opus packet.

    start: where it begins, in samples at 48 kHz from the recording's first packet.
    lost: how many packets should have come just before it and did not.
    """

    start: int
    opus: bytes
    lost: int = 0

    @property
    def end(self) -> int:
        """Where it ends, in samples at 48 kHz. Raises ValueError as `packet_samples` does."""
        return self.start + packet_samples(self.opus)


@dataclass(frozen=True, slots=True)
class RecordedSpeech:
    """What one member said, in order; small enough to be handed to a worker as it is.

    Between two packets there may be silence: Discord sends nothing while somebody pauses.
    unreadable: packets that came and could not be decrypted; they are among `lost`, too.
    """

    member_id: int
    packets: tuple[PlacedPacket, ...]
    unreadable: int = 0

    @property
    def seconds(self) -> float:
        """From the first packet's start to the last one's end, pauses included."""
        return self.packets[-1].end / OPUS_RATE if self.packets else 0.0

    @property
    def speech_seconds(self) -> float:
        """How long the packets last that carry sound."""
        return sum(sounding_samples(packet.opus) for packet in self.packets) / OPUS_RATE

    @property
    def lost(self) -> int:
        """How many packets are missing, counted by their sequence numbers."""
        return sum(packet.lost for packet in self.packets)


def packet_samples(packet: bytes) -> int:
    """Return how long an Opus packet lasts, in samples at 48 kHz.

    Raises ValueError for what is no Opus packet. Source: RFC 6716, section 3.1 (the TOC byte) and
    3.2.5 (a count of frames).
    """
    if not packet:
        raise ValueError("An Opus packet has at least one byte.")
    samples = _frame_samples(packet[0] >> 3) * _frames(packet)
    if not 0 < samples <= _MAX_PACKET_SAMPLES:
        raise ValueError("An Opus packet lasts at most 120 ms.")
    return samples


def sounding_samples(packet: bytes) -> int:
    """Return its length as `packet_samples` does, but 0 for a silence frame or comfort noise."""
    silent = packet == SILENCE_FRAME or len(packet) <= _DTX_BYTES
    return 0 if silent else packet_samples(packet)


def _frame_samples(config: int) -> int:
    if config < 12:  # SILK: 10, 20, 40 or 60 ms
        return (480, 960, 1920, 2880)[config & 3]
    if config < 16:  # hybrid: 10 or 20 ms
        return (480, 960)[config & 1]
    return (120, 240, 480, 960)[config & 3]  # CELT: 2.5, 5, 10 or 20 ms


def _frames(packet: bytes) -> int:
    code = packet[0] & 3
    if code < 3:
        return (1, 2, 2)[code]
    if len(packet) < 2:
        raise ValueError("An Opus packet of this kind says how many frames it has.")
    return packet[1] & 0x3F
