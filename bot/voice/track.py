"""The packets of one utterance on their way from the engine to the pacer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Literal

from bot.speech.types import PACKET_SECONDS
from storage.audit_rows import PacketsHash

MAX_PACKETS = 9_000
"""Bound of one track: three minutes, about 1.5 MB. The player stops fetching long before."""


class TrackEvent(Enum):
    """What the pacer reports about a track, in order."""

    STARTED = auto()  # the first packet is out
    SENTENCE = auto()  # the last packet of one `feed` is out
    HELD = auto()  # the connection cannot take packets; they wait
    RESUMED = auto()  # ... and it can again
    YIELDED = auto()  # it was asked to make way, and stands between two sentences
    FAILED = auto()  # sending raised; the packets wait until `Outlet.play` is called again
    PLAYED = auto()  # the last packet is out


Boundary = Literal[TrackEvent.SENTENCE, TrackEvent.YIELDED, TrackEvent.PLAYED]


class Track:
    """Opus packets of one utterance, fed sentence by sentence while it is already playing.

    The event loop feeds, the pacer's thread takes; both sides rely only on `deque.append` and
    `deque.popleft` being atomic, so neither ever waits for the other.
    """

    def __init__(self, on_event: Callable[[TrackEvent], None]) -> None:
        """`on_event` is called on the event loop."""
        self.on_event = on_event
        self.sent = self._sent_bytes = 0
        self.sent_hash = PacketsHash()  # of those packets, for the audit trail
        self._fed = self._fed_bytes = 0
        self._packets: deque[bytes | None] = deque()  # None closes a sentence
        self._next: bytes | None = None  # what `poll` returned; the pacer's thread alone
        self._begin = 0  # of the sentence that is being heard, in packets fed
        self._ends: deque[int] = deque()  # of that one and those after it
        self._ended = False
        self._last_sentence = False
        self._within_sentence = False  # the pacer's thread alone writes it
        self._yield: object | None = None  # one for each wish, so that none is taken for another
        self._yielded: object | None = None  # likewise

    @property
    def buffered_seconds(self) -> float:
        """Audio that was fed and not yet sent, in seconds."""
        return (self._fed - self.sent) * PACKET_SECONDS

    @property
    def sentence_seconds(self) -> float:
        """What is left of the sentence that is being heard; 0 between two."""
        sent = self.sent
        while self._ends and self._ends[0] <= sent:
            self._begin = self._ends.popleft()
        if not self._ends or sent == self._begin:
            return 0.0
        return (self._ends[0] - sent) * PACKET_SECONDS

    @property
    def buffered_bytes(self) -> int:
        """Bytes of the packets that were fed and not yet sent."""
        return self._fed_bytes - self._sent_bytes

    def feed(self, packets: Sequence[bytes]) -> None:
        """Append one sentence: 20 ms Opus packets. Raises `BufferError` beyond `MAX_PACKETS`."""
        if len(self._packets) + len(packets) > MAX_PACKETS:
            raise BufferError(f"A track holds at most {MAX_PACKETS} packets.")
        self._fed += len(packets)
        self._fed_bytes += sum(map(len, packets))
        self._ends.append(self._fed)
        self._packets.extend(packets)
        self._packets.append(None)

    def end(self) -> None:
        """Say that nothing follows: when the packets run out, the track is played."""
        self._ended = True

    def discard(self) -> None:
        """Forget what was not sent. The pacer may be about to send one packet more."""
        self._packets, self._ended = deque(), True

    def end_after_sentence(self) -> None:
        """Let the sentence that is playing be the last; one that has not begun is not played."""
        self._last_sentence = self._ended = True

    def yield_after_sentence(self) -> None:
        """Ask it to stop between two sentences, and to report that."""
        if self._yield is None:
            self._yield = object()

    def resume(self) -> None:
        """Take back that it should stop between two sentences."""
        self._yield = None

    @property
    def yielded(self) -> bool:
        """Whether it stands between two sentences, because it was asked to."""
        return self._yield is not None and self._yielded is self._yield

    def poll(self) -> bytes | Boundary | None:
        """Return what comes next, for the pacer's thread.

        The next packet, which stays until `take`; SENTENCE once after each sentence; PLAYED when
        everything was sent and nothing will follow; YIELDED once for each wish; None while the next
        sentence is awaited, or not wanted yet.
        """
        # Read before the packets: read after them, it could hide a sentence fed in between.
        ended, packets = self._ended, self._packets
        if self._last_sentence and not self._within_sentence:
            packets.clear()
        if not packets and ended:
            return TrackEvent.PLAYED
        wish = self._yield
        if wish is not None and not self._within_sentence:
            told, self._yielded = self._yielded is wish, wish
            return None if told else TrackEvent.YIELDED
        if not packets:
            return None
        packet = self._next = packets[0]
        if packet is not None:
            return packet
        packets.popleft()
        self._within_sentence = False
        return TrackEvent.SENTENCE

    def take(self) -> None:
        """Count the packet that `poll` returned as sent. For the pacer's thread."""
        packet, packets = self._next or b"", self._packets
        if packets:  # else they were discarded meanwhile
            packets.popleft()
        self._within_sentence = True
        self.sent_hash.add(packet)
        self.sent += 1
        self._sent_bytes += len(packet)
