"""One member's packets while they record. Nothing else in the program listens to anybody."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import structlog

from bot.consent.packets import PlacedPacket
from bot.consent.recording import LiveRecording
from bot.voice.client import MynahVoiceClient
from bot.voice.jitter import Arrival, JitterBuffer, Timeline
from bot.voice.rtp import RtpHeader, TransportCipher, read_header

_KEEP_ALIVE_SECONDS = 5.0
_MAX_UNANNOUNCED = 25  # packets: half a second of one speaker

log = structlog.get_logger(__name__)


class Receiver:
    """Reads a connection's socket into a recording, from `open` to `close`.

    A packet whose SSRC is not the member's is dropped by its header, before any decryption. Whose
    an SSRC is comes over another connection, so a few packets may be here before it: they wait,
    encrypted as they are, and are opened only if it turns out to be the member's.
    """

    def __init__(self, client: MynahVoiceClient, recording: LiveRecording) -> None:
        self.foreign = 0  # packets of others
        self._client = client
        self._recording = recording
        self._loop = asyncio.get_running_loop()
        self._ssrc: int | None = None
        self._key = b""
        self._cipher: TransportCipher | None = None
        self._buffer = JitterBuffer()
        self._timeline = Timeline()
        self._closed = False
        self._alive: asyncio.TimerHandle | None = None
        self._unannounced: deque[tuple[RtpHeader, bytes, float]] = deque(maxlen=_MAX_UNANNOUNCED)

    def open(self) -> None:
        """Begin to read; what came before is thrown away unread."""
        self._recording.flush = self._flush
        self._client.drain()
        self._client.listen(self._arrived)
        self._keep_alive(1)

    def close(self) -> None:
        """Read no more."""
        self._closed = True
        if self._alive is not None:
            self._alive.cancel()
        self._client.stop_listening(self._arrived)
        self._client.drain()
        self._unannounced.clear()
        log.debug("received", stage="voice", foreign=self.foreign, late=self._buffer.late,
                  duplicates=self._buffer.duplicates)  # fmt: skip

    def _keep_alive(self, number: int) -> None:
        # A bot that has said nothing for minutes has sent nothing, either.
        self._client.keep_alive(number)
        self._alive = self._loop.call_later(_KEEP_ALIVE_SECONDS, self._keep_alive, number + 1)

    def _arrived(self, datagram: bytes) -> None:
        # On Windows the library's own thread reads.
        self._loop.call_soon_threadsafe(self._take, datagram, self._loop.time())

    def _take(self, datagram: bytes, at: float) -> None:
        header = None if self._closed else read_header(datagram)
        if header is None:
            return
        ssrc = self._client.ssrcs.of(self._recording.member_id)
        if header.ssrc == ssrc:
            self._announced(ssrc)
            self._open(header, datagram, at)
        elif self._client.ssrcs.known(header.ssrc):
            self.foreign += 1
        else:
            self._unannounced.append((header, datagram, at))

    def _announced(self, ssrc: int) -> None:
        """Begin another stream if the SSRC is a new one, with what came of it beforehand."""
        if ssrc == self._ssrc:
            return
        self._ssrc = ssrc
        self._keep(self._buffer.restart())
        waited, self._unannounced = self._unannounced, deque(maxlen=_MAX_UNANNOUNCED)
        for header, datagram, at in waited:
            if header.ssrc == ssrc:
                self._open(header, datagram, at)

    def _open(self, header: RtpHeader, datagram: bytes, at: float) -> None:
        if not self._buffer.wants(header.sequence):
            return
        sealed = self._transport().open(header, datagram)
        if sealed is None:
            self._recording.unreadable += 1
        else:
            self._keep(self._buffer.push(header.sequence, header.timestamp, sealed, at))

    def _transport(self) -> TransportCipher:
        key = bytes(self._client.secret_key)
        if self._cipher is None or key != self._key:
            self._key, self._cipher = key, TransportCipher(key)
        return self._cipher

    def _flush(self) -> None:
        ssrc = self._client.ssrcs.of(self._recording.member_id)
        if ssrc is not None:  # it may have become known after the last packet
            self._announced(ssrc)
        self._keep(self._buffer.flush())

    def _keep(self, arrivals: Iterable[Arrival]) -> None:
        """Decrypt packets in the order they were sent in: DAVE may refuse an earlier one later."""
        for arrival in arrivals:
            placed = self._placed(arrival)
            if placed is None:
                self._recording.unreadable += 1
                self._timeline.skip(arrival)
            else:
                self._recording.take(placed)

    def _placed(self, arrival: Arrival) -> PlacedPacket | None:
        opus = self._client.decrypted(self._recording.member_id, arrival.payload)
        if not opus:
            return None
        try:
            return self._timeline.place(replace(arrival, payload=opus))
        except ValueError:  # decrypted, but no Opus
            return None
