"""The packets of one utterance on their way from the engine to the pacer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Literal

from bot.speech.types import PACKET_SECONDS

MAX_PACKETS = 9_000
"""Bound of one track: three minutes, about 1.5 MB. The player stops fetching long before."""


class TrackEvent(Enum):
    """What the pacer reports about a track, in order."""

    STARTED = auto()  # the first packet is out
    SENTENCE = auto()  # the last packet of one `feed` is out
    HELD = auto()  # the connection cannot take packets; they wait
    RESUMED = auto()  # ... and it can again
    FAILED = auto()  # sending raised; the packets wait until `Outlet.play` is called again
    PLAYED = auto()  # the last packet is out


class Track:
    """Opus packets of one utterance, fed sentence by sentence while it is already playing.

    The event loop feeds, the pacer's thread takes; both sides rely only on `deque.append` and
    `deque.popleft` being atomic, so neither ever waits for the other.
    """

    def __init__(self, on_event: Callable[[TrackEvent], None]) -> None:
        """`on_event` is called on the event loop."""
        self.on_event = on_event
        self.sent = self._sent_bytes = 0
        self._fed = self._fed_bytes = 0
        self._packets: deque[bytes | None] = deque()  # None closes a sentence
        self._ended = False
        self._last_sentence = False
        self._within_sentence = False  # the pacer's thread alone writes it

    @property
    def buffered_seconds(self) -> float:
        """Audio that was fed and not yet sent, in seconds."""
        return (self._fed - self.sent) * PACKET_SECONDS

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
        self._packets.extend(packets)
        self._packets.append(None)

    def end(self) -> None:
        """Say that nothing follows: when the packets run out, the track is played."""
        self._ended = True

    def end_after_sentence(self) -> None:
        """Let the sentence that is playing be the last; one that has not begun is not played."""
        self._last_sentence = self._ended = True

    def poll(self) -> bytes | Literal[TrackEvent.SENTENCE, TrackEvent.PLAYED] | None:
        """Return what comes next, for the pacer's thread.

        The next packet, which stays until `take`; SENTENCE once after each sentence; PLAYED when
        everything was sent and nothing will follow; None while the next sentence is awaited.
        """
        # Read before the packets: read after them, it could hide a sentence fed in between.
        ended = self._ended
        if self._last_sentence and not self._within_sentence:
            self._packets.clear()
        if not self._packets:
            return TrackEvent.PLAYED if ended else None
        packet = self._packets[0]
        if packet is not None:
            return packet
        self._packets.popleft()
        self._within_sentence = False
        return TrackEvent.SENTENCE

    def take(self) -> None:
        """Count the packet that `poll` returned as sent. For the pacer's thread."""
        packet = self._packets.popleft()
        self._within_sentence = True
        self.sent += 1
        self._sent_bytes += len(packet or b"")
