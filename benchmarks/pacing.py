"""Many channels speaking at once: the pacer against discord.py's own player, in the same run.

Real `VoiceClient`s with a socket each and transport encryption, but no gateway. A process of its
own receives; gaps are taken from the kernel's receive times. The first gap of a channel does not
count, because the library's player always starts with one of 40 ms.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import resource
import selectors
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

import discord
import numpy as np
from discord.voice_state import VoiceConnectionState

from bot.voice.outlet import SILENCE
from bot.voice.pacer import Pacer
from bot.voice.track import Track, TrackEvent

CHANNELS = (100, 200, 400)
SECONDS = 5.0
PACKET = bytes(range(120))
PACKETS = int(SECONDS * 50)
PATIENCE_SECONDS = 10.0  # for channels that come late
_SO_TIMESTAMPNS = 35
_HEADER = 12


Play = Callable[[list["BareClient"]], Awaitable[None]]


class BareConnection(VoiceConnectionState):
    """What `send_audio_packet` needs of a connection, without gateway or reader thread."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(("127.0.0.1", port))
        self.ssrc = port
        self.mode = "aead_xchacha20_poly1305_rtpsize"
        self.secret_key = list(range(32))
        self.dave_session = None
        self.dave_protocol_version = 0
        self.timeout = 1.0
        self.ws = self

    def is_connected(self) -> bool:
        """Always."""
        return True

    async def speak(self, state: object) -> None:
        """Nobody watches."""


class BareClient(discord.VoiceClient):
    """The library's client over a `BareConnection`; also the pacer's sink."""

    def __init__(self, port: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.client = self  # the library's player looks for a loop there
        self.sequence = self.timestamp = self._incr_nonce = 0
        self._player = None
        self._connection = BareConnection(port)

    def ready(self) -> bool:
        """Always."""
        return True

    def send(self, packet: bytes) -> None:
        """Send one packet."""
        self.send_audio_packet(packet, encode=False)

    def speaking(self, on: bool) -> None:
        """Nobody watches."""


class Recording(discord.AudioSource):
    """As many packets as a channel plays."""

    def __init__(self) -> None:
        self._left = PACKETS

    def is_opus(self) -> bool:
        """Ready-made packets."""
        return True

    def read(self) -> bytes:
        """Return the next packet, or nothing at the end."""
        self._left -= 1
        return PACKET if self._left >= 0 else b""


async def by_pacer(clients: list[BareClient]) -> None:
    """Play in all channels by one thread."""
    pacer = Pacer()
    pacer.start()
    ends = [asyncio.Event() for _ in clients]

    def listener(end: asyncio.Event) -> Callable[[TrackEvent], None]:
        return lambda event: end.set() if event is TrackEvent.PLAYED else None

    for client, end in zip(clients, ends, strict=True):
        track = Track(listener(end))
        track.feed([PACKET] * PACKETS)
        track.end()
        pacer.outlet(client).play(track)
    await _patiently(asyncio.gather(*(end.wait() for end in ends)))
    await pacer.close()


async def has_priority() -> bool:
    """Whether this machine lets the pacer run before ordinary programs."""
    pacer = Pacer()
    pacer.start()
    await pacer.close()
    return pacer.stats.realtime


async def by_library(clients: list[BareClient]) -> None:
    """Play in all channels as discord.py does, by a thread each."""
    loop = asyncio.get_running_loop()
    ends = [asyncio.Event() for _ in clients]
    for client, end in zip(clients, ends, strict=True):
        client.play(Recording(), after=lambda error, end=end: loop.call_soon_threadsafe(end.set))
    players = [client._player for client in clients]
    await _patiently(asyncio.gather(*(end.wait() for end in ends)))
    for client, player in zip(clients, players, strict=True):
        client.stop()
        await asyncio.to_thread(player.join)


async def _patiently(everything: Awaitable[Any]) -> None:
    try:
        await asyncio.wait_for(everything, SECONDS + PATIENCE_SECONDS)
    except TimeoutError:
        print("  (some channels never finished in time)")


async def measure(
    channels: int, play: Callable[[list[BareClient]], Awaitable[None]]
) -> dict[str, Any]:
    """Play in that many channels at once and describe what arrived."""
    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs, channels))
    sink.start()
    clients = [BareClient(port) for port in await asyncio.to_thread(ours.recv)]
    gc.collect()
    before, started = _processor_seconds(), time.perf_counter()
    await play(clients)
    wall = time.perf_counter() - started
    cores = (_processor_seconds() - before) / wall
    ours.send("stop")
    arrivals = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(sink.join)
    for client in clients:
        client._connection.socket.close()
    return _describe(arrivals, wall, cores)


def receive(pipe: Connection, channels: int) -> None:
    """Receive on a port per channel until told to stop; runs in a process of its own."""
    selector = selectors.DefaultSelector()
    arrivals: list[list[int]] = [[] for _ in range(channels)]
    ports = []
    for number in range(channels):
        port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)
        selector.register(port, selectors.EVENT_READ, number)
        ports.append(port.getsockname()[1])
    selector.register(pipe, selectors.EVENT_READ, None)
    pipe.send(ports)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                pipe.send(arrivals)
                return
            _drain(key.fileobj, arrivals[key.data])


def _drain(port: Any, arrivals: list[int]) -> None:
    while True:
        try:
            datagram, ancillary, _, _ = port.recvmsg(512, 64)
        except BlockingIOError:
            return
        if len(datagram) > _HEADER + len(SILENCE) + 40:  # the closing silence does not count
            seconds, nanoseconds = struct.unpack_from("qq", ancillary[0][2])
            arrivals.append(seconds * 1_000_000_000 + nanoseconds)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _describe(arrivals: list[list[int]], wall: float, cores: float) -> dict[str, Any]:
    gaps = np.concatenate([np.diff(channel)[1:] for channel in arrivals]) / 1e6
    return {
        "packets": sum(map(len, arrivals)),
        "expected_packets": PACKETS * len(arrivals),
        "gaps": len(gaps),
        "gaps_over_40_ms": int(np.sum(gaps > 40)),
        "p50_ms": round(float(np.percentile(gaps, 50)), 2),
        "p99_ms": round(float(np.percentile(gaps, 99)), 2),
        "max_ms": round(float(gaps.max()), 1),
        "seconds": round(wall, 2),
        "processor_cores": round(cores, 3),
    }


async def run() -> dict[str, Any]:
    """Measure every size with both players."""
    result: dict[str, Any] = {
        "seconds": SECONDS,
        "packet_bytes": len(PACKET),
        "pacer_realtime": await has_priority(),
        "channels": {},
    }
    for channels in CHANNELS:
        result["channels"][str(channels)] = {
            "pacer": await measure(channels, by_pacer),
            "discord.py": await measure(channels, by_library),
        }
    result["goals"] = [_goal(result, 200, 0.0), _goal(result, 400, 0.001)]
    return result


def _goal(result: dict[str, Any], channels: int, share: float) -> dict[str, Any]:
    ours = result["channels"][str(channels)]["pacer"]
    limit = int(share * ours["gaps"])
    complete = ours["packets"] == ours["expected_packets"]
    return {
        "name": f"{channels} channels: gaps over 40 ms of {ours['gaps']}, no packet missing",
        "measured": ours["gaps_over_40_ms"],
        "limit": limit,
        "met": complete and ours["gaps_over_40_ms"] <= limit,
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    priority = "real-time" if result["pacer_realtime"] else "ordinary"
    return [f"the pacer runs with {priority} priority"] + [
        f"{channels:>4} channels, {player:<10} {figures['gaps_over_40_ms']:>6} gaps over 40 ms of "
        f"{figures['gaps']}, p99 {figures['p99_ms']} ms, max {figures['max_ms']} ms, "
        f"{figures['packets']} of {figures['expected_packets']} packets in {figures['seconds']} s, "
        f"{figures['processor_cores']} cores"
        for channels, players in result["channels"].items()
        for player, figures in players.items()
    ]
