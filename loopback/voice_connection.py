"""The bot's connection to one voice server: its websocket conversation and its UDP stream."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import struct
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from nacl.exceptions import CryptoError

from .call import Call
from .listener import Pacing, pacing
from .model import Payload
from .outbox import Outbox
from .rtp import MODE, OutgoingPacket, TransportCipher, read_header
from .udp import UdpPort, UdpReceiver

READY, SESSION_DESCRIPTION, HEARTBEAT_ACK, RESUMED = 2, 4, 6, 9
_DISCOVERY_BYTES = 74
_DISCOVERY_DELAY = 0.01
"""Seconds. discord.py listens for the reply only after sending; no real network is faster."""

_KEEPALIVE_BYTES = 8
_SHORTEST_BYTES = 12 + 16 + 4
"""Of a media packet: RTP header, authentication tag, nonce."""

_ssrcs = itertools.count(4_000)


@dataclass(frozen=True, slots=True)
class Speaking:
    """Op 5 as it came. `at` is time.monotonic(); flags 1 is speaking, 0 is not."""

    at: float
    flags: int


class VoiceConnection:
    """One voice session, from VOICE_SERVER_UPDATE to the next one of the guild."""

    def __init__(self, guild_id: int, session_id: str, call: Call, udp: UdpReceiver) -> None:
        self.guild_id = guild_id
        self.session_id = session_id
        self.call = call
        self.token = secrets.token_hex(8)
        self.endpoint = f"loopback-{secrets.token_hex(3)}.discord.media:443"
        self.ssrc = next(_ssrcs)
        self.muted = False
        self.deaf = False
        self.delivered = 0  # packets of people
        self.count_only = False
        self.ready = False
        self.speaking: list[Speaking] = []
        self.heartbeats = 0
        self.keepalives = 0
        self.undecryptable = 0
        self._arrivals = array("q")
        self._headers = array("I")
        self._key = secrets.token_bytes(32)
        self._cipher = TransportCipher(self._key)
        self._udp = udp
        self._port: UdpPort | None = None
        self._outbox: Outbox | None = None
        self._sequence = 0
        self._sent: list[tuple[int, str | bytes]] = []
        self._loop = asyncio.get_running_loop()

    # What tests ask --------------------------------------------------------------------

    @property
    def attached(self) -> bool:
        """Whether the bot's websocket is open."""
        return self._outbox is not None

    @property
    def arrivals_ns(self) -> Sequence[int]:
        """Kernel receive time of every media packet, in nanoseconds since 1970."""
        return self._arrivals

    @property
    def sequences(self) -> Sequence[int]:
        """RTP sequence number of every media packet."""
        return self._headers[::2]

    @property
    def timestamps(self) -> Sequence[int]:
        """RTP timestamp of every media packet."""
        return self._headers[1::2]

    def pacing(self) -> Pacing:
        """Return figures on the gaps between all packets of this connection."""
        return pacing(self._arrivals)

    def close(self, code: int) -> None:
        """Close the bot's voice websocket with this code."""
        if self._outbox is not None:
            self._outbox.close(code, "closed by the voice server")

    # Websocket -------------------------------------------------------------------------

    def identify(self, outbox: Outbox) -> None:
        """Op 0 with the right token: begin."""
        self._outbox = outbox
        self._sent.clear()
        self._sequence = 0
        if self._port is None:
            self._port = self._udp.open(self._on_datagram)
        modes = ["aead_aes256_gcm_rtpsize", MODE]
        place = {"ip": "127.0.0.1", "port": self._port.number}
        self.send(READY, {"ssrc": self.ssrc, **place, "modes": modes, "experiments": []})

    def resume(self, outbox: Outbox, acknowledged: int) -> None:
        """Op 7: go on on another websocket."""
        self._outbox = outbox
        outbox.send(json.dumps({"op": RESUMED, "d": None}))
        for sequence, frame in self._sent:
            if sequence > acknowledged:
                outbox.send(frame)

    def detached(self, outbox: Outbox) -> None:
        """The websocket is gone; a resumption may follow."""
        if self._outbox is outbox:
            self._outbox = None

    def send(self, op: int, data: Payload) -> None:
        """Send a JSON message with the next sequence number."""
        self._sequence += 1
        self._send(json.dumps({"op": op, "d": data, "seq": self._sequence}))

    def send_binary(self, op: int, body: bytes) -> None:
        """Send a binary message with the next sequence number."""
        self._sequence += 1
        self._send(struct.pack(">HB", self._sequence & 0xFFFF, op) + body)

    def deliver(self, packet: OutgoingPacket) -> bool:
        """Send somebody's packet to the bot, unless it is deaf; whether it was sent."""
        if self.deaf or self._port is None:
            return False
        self._port.reply(self._cipher.seal(packet))
        self.delivered += 1
        return True

    def receive(self, op: int, data: Payload) -> None:
        """Take a JSON message of the bot."""
        if op == 1:
            self._select_protocol(data)
        elif op == 3:
            self.heartbeats += 1
            if self._outbox is not None:
                self._outbox.send(json.dumps({"op": HEARTBEAT_ACK, "d": {"t": data["t"]}}))
        elif op == 5:
            self.speaking.append(Speaking(time.monotonic(), int(data["speaking"])))
        elif op == 23:
            self.call.bot_is_ready(int(data["transition_id"]))
        elif op == 31:
            self.call.bot_refused(int(data["transition_id"]))

    def receive_binary(self, message: bytes) -> None:
        """Take a binary message of the bot."""
        op, body = message[0], message[1:]
        if op == 26:
            self.call.bot_sent_key_package(body)
        elif op == 28:
            self.call.bot_sent_commit(body)

    def end(self) -> None:
        """Leave the call and release the UDP port; what the bot still sends goes nowhere."""
        self.call.bot_left()
        if self._port is not None:
            self._udp.close(self._port)
            self._port = None

    def _send(self, frame: str | bytes) -> None:
        self._sent.append((self._sequence, frame))
        if self._outbox is not None:
            self._outbox.send(frame)

    def _select_protocol(self, data: Payload) -> None:
        description = {
            "mode": data["data"]["mode"],
            "secret_key": list(self._key),
            "audio_codec": "opus",
            "media_session_id": secrets.token_hex(8),
            "dave_protocol_version": self.call.dave_version,
        }
        self.send(SESSION_DESCRIPTION, description)
        self.ready = True
        # Clients make their DAVE session on this message; the external sender must come after it.
        self.call.bot_joined(self)

    # UDP, on the receiver's thread -----------------------------------------------------

    def _on_datagram(self, port: UdpPort, datagram: bytes, arrival_ns: int) -> None:
        if len(datagram) == _DISCOVERY_BYTES and datagram[1] == 1:
            self._loop.call_soon_threadsafe(self._answer_discovery, port)
        elif len(datagram) == _KEEPALIVE_BYTES:
            self.keepalives += 1
            port.reply(datagram)
        else:
            self._on_media(datagram, arrival_ns)

    def _answer_discovery(self, port: UdpPort) -> None:
        assert port.peer is not None
        host, number = port.peer
        reply = struct.pack(">HHI64sH", 2, 70, self.ssrc, host.encode(), number)
        self._loop.call_later(_DISCOVERY_DELAY, port.reply, reply)

    def _on_media(self, datagram: bytes, arrival_ns: int) -> None:
        if len(datagram) < _SHORTEST_BYTES:
            self.undecryptable += 1
            return
        sequence, timestamp, _ = read_header(datagram)
        self._headers.extend((sequence, timestamp))
        self._arrivals.append(arrival_ns)
        if self.count_only:
            return
        try:
            packet = self._cipher.open(datagram, arrival_ns)
        except CryptoError:
            self.undecryptable += 1
            return
        if not self.muted:
            self.call.hear(packet)
