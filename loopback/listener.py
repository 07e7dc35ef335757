"""A person in a voice channel, who hears what the bot says as far as they can decrypt it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .audio import SAMPLE_RATE, Samples, decode_opus
from .dave_member import DaveMember
from .ids import wait_until
from .model import User
from .rtp import RtpPacket

SILENCE = b"\xf8\xff\xfe"
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class HeardPacket:
    """One packet of the bot as a listener got it.

    sequence, timestamp: of RTP. arrival_ns: kernel receive time since 1970.
    opus: the packet, or None if this listener could not read it. encrypted: by DAVE.
    """

    sequence: int
    timestamp: int
    arrival_ns: int
    opus: bytes | None
    encrypted: bool

    @property
    def silent(self) -> bool:
        """Whether it is one of the fixed silence frames."""
        return self.opus == SILENCE


@dataclass(frozen=True, slots=True)
class Pacing:
    """Milliseconds between arrivals of consecutive packets, by the kernel's clock."""

    packets: int
    mean: float
    p50: float
    p99: float
    maximum: float
    over_40: int


class Listener:
    """The ears of one person, across channels, calls and regions."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.packets: list[HeardPacket] = []
        self.channel_id: int | None = None
        self._dave: DaveMember | None = None
        self._counts_from_ns = 0.0

    # What tests ask --------------------------------------------------------------------

    @property
    def unreadable(self) -> int:
        """Packets that this person should have heard but could not decrypt.

        A newcomer is expected to hear from the moment when the bot has taken note of them.
        """
        return sum(p.opus is None and p.arrival_ns >= self._counts_from_ns for p in self.packets)

    @property
    def audible(self) -> list[HeardPacket]:
        """The packets that carry sound: readable and not a silence frame."""
        return [p for p in self.packets if p.opus is not None and not p.silent]

    @property
    def privacy_code(self) -> str | None:
        """The voice privacy code on this person's screen (30 digits), None without DAVE."""
        return self._dave.privacy_code if self._dave else None

    def heard(self, packets: Sequence[HeardPacket] | None = None) -> Samples:
        """Return what was heard as mono float32 at 48 kHz.

        Packets are put where their timestamps say, so lost and unreadable ones leave silence.
        packets: a stretch of `self.packets`; by default all of them.
        """
        chosen = self.packets if packets is None else packets
        filled: list[bytes | None] = []
        for packet, following in zip(chosen, [*chosen[1:], None], strict=True):
            filled.append(packet.opus)
            filled += [None] * (0 if following is None else _missing(packet, following))
        return decode_opus(filled)

    def pacing(self, packets: Sequence[HeardPacket] | None = None) -> Pacing:
        """Return figures on the gaps between packets; at least two are needed."""
        chosen = self.packets if packets is None else packets
        return pacing([packet.arrival_ns for packet in chosen])

    async def until(
        self, condition: Callable[[Listener], object], within: float = 10.0, what: str = "sound"
    ) -> None:
        """Wait until `condition(self)` holds."""
        await wait_until(lambda: condition(self), within, f"{what} at {self.user.name}")

    async def until_heard(self, packets: int = 1, within: float = 10.0) -> None:
        """Wait until that many packets with sound have come."""
        await self.until(lambda _: len(self.audible) >= packets, within, f"packet {packets}")

    # What the voice server does --------------------------------------------------------

    def enter(self, channel_id: int, dave: DaveMember | None, *, late: bool) -> None:
        """Begin in a call. `late`: others already talk, so hearing counts from `notice` on."""
        self.channel_id = channel_id
        self._dave = dave
        self._counts_from_ns = math.inf if late else 0.0

    def leave(self) -> None:
        """End in the call; what was heard stays, what is said from now on is not for us."""
        self.channel_id = None

    def notice(self, at_ns: int) -> None:
        """Hearing counts from here: the bot has switched to a key that we have."""
        self._counts_from_ns = min(self._counts_from_ns, at_ns)

    @property
    def dave(self) -> DaveMember:
        """The DAVE session; only in a call that has one."""
        assert self._dave is not None
        return self._dave

    def sealed(self, ssrc: int, opus: bytes) -> bytes:
        """Return an Opus packet as this person's client sends it in the present call."""
        return opus if self._dave is None else self._dave.encrypt(ssrc, opus)

    def hear(self, sender: int, packet: RtpPacket) -> None:
        """Take a packet from the UDP thread."""
        encrypted = packet.payload.endswith(b"\xfa\xfa")
        opus = self._dave.decrypt(sender, packet.payload) if self._dave else packet.payload
        self.packets.append(
            HeardPacket(packet.sequence, packet.timestamp, packet.arrival_ns, opus, encrypted)
        )


def pacing(arrivals_ns: Sequence[int]) -> Pacing:
    """Return figures on the gaps between arrival times in nanoseconds."""
    gaps = np.diff(np.asarray(arrivals_ns, np.int64)) / _NS_PER_MS
    return Pacing(
        len(arrivals_ns),
        float(gaps.mean()),
        float(np.percentile(gaps, 50)),
        float(np.percentile(gaps, 99)),
        float(gaps.max()),
        int(np.sum(gaps > 40)),
    )


def _missing(packet: HeardPacket, following: HeardPacket) -> int:
    """Return how many packets of 20 ms are missing between two; 0 for a new stream.

    A pause is no loss: senders may stand still or jump between utterances, but only a lost packet
    leaves a gap in the sequence numbers.
    """
    lost = (following.sequence - packet.sequence - 1) % 65536
    return lost if lost < SAMPLE_RATE // 960 else 0
