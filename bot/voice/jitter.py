"""Packets put back into order, and where in time they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.consent.packets import OPUS_RATE, PlacedPacket, packet_samples

DEPTH = 12
"""Packets that may wait for an earlier one: 240 ms of the usual 20 ms, 120 ms of 10 ms."""

_MAX_JUMP = 3_000
"""Sequence numbers farther apart are another stream (RFC 3550, appendix A.1)."""

_SLACK_SECONDS = 1.0
"""How far ahead of the clock a packet may be by its timestamp: jitter, and bursts."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet as it came.

    number: its sequence number, counted on over 2**16. timestamp: modulo 2**32. payload: as it
    was put in. at: seconds of the event loop's clock. lost: packets before it that did not come
    in time. restarts: whether it is the first of a stream, so that sequence and timestamp say
    nothing of what was before.
    """

    number: int
    timestamp: int
    payload: bytes
    at: float
    lost: int = 0
    restarts: bool = False


class JitterBuffer:
    """Gives packets out in order, once each; holds `DEPTH` at most."""

    def __init__(self) -> None:
        self.duplicates = 0
        self.late = 0  # came when their place had been given up, or a second time after that
        self._waiting: dict[int, Arrival] = {}
        self._highest: int | None = None
        self._next: int | None = None  # the number that is due; None before the first

    def wants(self, sequence: int) -> bool:
        """Whether a packet of this number is of use; counts the others.

        To be asked before end-to-end decryption, which opens no packet twice.
        """
        number = self._number(sequence)
        if number in self._waiting:
            self.duplicates += 1
            return False
        if number is not None and self._next is not None and number < self._next:
            self.late += 1
            return False
        return True

    def push(self, sequence: int, timestamp: int, payload: bytes, at: float) -> list[Arrival]:
        """Take a packet that is wanted, and return those whose turn it is."""
        number = self._number(sequence)
        before = self.restart() if number is None else []
        if number is None:
            number = sequence
        self._waiting[number] = Arrival(number, timestamp, payload, at)
        self._highest = number if self._highest is None else max(number, self._highest)
        return [*before, *self._due(DEPTH)]

    def flush(self) -> list[Arrival]:
        """Return everything that waits: no more comes."""
        return list(self._due(0))

    def restart(self) -> list[Arrival]:
        """Return everything that waits; what comes next belongs to another stream."""
        rest = self.flush()
        self._highest = self._next = None
        return rest

    def _number(self, sequence: int) -> int | None:
        """Return it counted on over 2**16; None if it belongs to another stream."""
        if self._highest is None:
            return None
        ahead = (sequence - self._highest + 0x8000) % 0x10000 - 0x8000
        return self._highest + ahead if abs(ahead) <= _MAX_JUMP else None

    def _due(self, depth: int) -> Iterator[Arrival]:
        while self._waiting and self._highest is not None:
            lowest = min(self._waiting)
            if lowest != self._next and self._highest - lowest < depth:
                return
            packet = self._waiting.pop(lowest)
            restarts = self._next is None
            lost = 0 if self._next is None else lowest - self._next
            self._next = lowest + 1
            yield replace(packet, lost=lost, restarts=restarts)


class Timeline:
    """Places packets by their timestamps, so that pauses stay as long as they were.

    A pause that the clock contradicts is not believed: a timestamp could make a minute of silence
    out of nothing.
    """

    def __init__(self) -> None:
        self._last: Arrival | None = None
        self._first_at = 0.0
        self._start = 0  # of the last packet, samples
        self._end = 0
        self._missing = 0  # packets that came and could not be read since the last
        self._restarts = False

    def place(self, packet: Arrival) -> PlacedPacket:
        """Place the next packet in order, whose payload is Opus; ValueError if it is not."""
        samples = packet_samples(packet.payload)
        self._start = max(self._end, self._start + self._step(packet))
        self._end = self._start + samples
        self._last = packet
        lost, self._missing, self._restarts = packet.lost + self._missing, 0, False
        return PlacedPacket(self._start, packet.payload, lost)

    def skip(self, packet: Arrival) -> None:
        """Leave out the next packet in order, which cannot be read: it counts as lost."""
        self._missing += packet.lost + 1
        self._restarts |= packet.restarts

    def _step(self, packet: Arrival) -> int:
        """Samples from the last packet's start to this one's."""
        if self._last is None:
            self._first_at = packet.at
            return 0
        step = (packet.timestamp - self._last.timestamp + 2**31) % 2**32 - 2**31
        latest = (packet.at - self._first_at + _SLACK_SECONDS) * OPUS_RATE
        without_pause = (packet.lost + self._missing + 1) * (self._end - self._start)
        if packet.restarts or self._restarts or step > max(without_pause, latest - self._start):
            return round(max(packet.at - self._last.at, 0.0) * OPUS_RATE)
        return step
