"""What keeping figures costs: the same speech with metrics on and off, in turns in one run.

Sentences go through the bot's scheduler and are reported as the bot reports them; packets go
through its pacer to many outlets, encrypted and over UDP, while a scrape a second reads everything.
The ratio is of the processor time of all channels speaking, with a scrape every 15 s.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nacl.secret import Aead

from bot.operations.figures import Figures, UtteranceFacts
from bot.operations.health import Health
from bot.operations.metrics import Metrics
from bot.operations.vitals import EngineReading, Pulse, Reading, VoiceReading
from bot.speech.scheduler import FairScheduler
from bot.speech.types import (
    PACKET_SECONDS,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from bot.voice.pacer import Pacer
from bot.voice.track import Track

ROUNDS = 10
SENTENCES = 1000
OUTLETS = 100
PACKETS = 100
WORST_RATIO = 1.05
"""How many times the processor time of a bot that speaks in all channels figures may cost."""

SCRAPE_SECONDS = 1.0  # here
USUAL_SCRAPE_SECONDS = 15.0
SENTENCE_SECONDS = 2.0
TIMINGS = {"decode": 0.5, "vocode": 0.2, "master": 0.01, "encode": 0.02}
_VOICE = VoiceReference(Path("clip"), "0" * 64)
_FACTS = UtteranceFacts(1, "say", "played", 0.1, 0.3, 0.7, 2.0, 1, 0, 0)


class Immediate:
    """An engine that takes no time, so that what is around it shows."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return speech at once."""
        return [Speech((b"packet",), 2.0, TIMINGS) for _ in batch]


class Wire:
    """Encrypts packets and sends them to this machine, as a voice connection does."""

    def __init__(self) -> None:
        self._box = Aead(bytes(32))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._address = self._socket.getsockname()

    def ready(self) -> bool:
        """Always."""
        return True

    def send(self, packet: bytes) -> None:
        """Send it; what nobody reads the kernel drops."""
        sealed = self._box.encrypt(packet, b"header", bytes(24))
        self._socket.sendto(sealed, self._address)

    def speaking(self, on: bool) -> None:
        """Show nobody."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Standing:
    """Reads off a pacer what a bot would."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    def reading(self) -> Reading:
        """Return what a scrape reads."""
        stats = self._pacer.stats
        voice = VoiceReading(packets=stats.packets, late=stats.late)
        return Reading(True, OUTLETS, EngineReading(True), voice)

    def pulse(self) -> Pulse | None:
        """Nobody watches."""
        return None


async def sentence_seconds(figures: Figures) -> float:
    """Return the processor time of one sentence through the scheduler, with its reports."""
    scheduler = FairScheduler(Immediate(), on_sentence=figures.sentence)
    lane = scheduler.lane(1, asyncio.get_running_loop().time)
    begin = time.process_time()
    for _ in range(SENTENCES):
        await lane.synthesize(SynthesisRequest("A sentence.", _VOICE))
        figures.utterance(_FACTS)
    spent = time.process_time() - begin
    await scheduler.close()
    return spent / SENTENCES


async def packet_figures(metrics: bool) -> tuple[float, float]:
    """Return the processor time of a packet, and the packets a second, of all outlets."""
    pacer, played = Pacer(), asyncio.Event()
    page = Metrics(Standing(pacer), Health()).page if metrics else None
    left = OUTLETS

    def heard(event: Any) -> None:
        nonlocal left
        left -= event.name == "PLAYED"
        if left == 0:
            played.set()

    wires = [Wire() for _ in range(OUTLETS)]
    pacer.start()
    begin, cpu = time.monotonic(), time.process_time()
    for wire in wires:
        track = Track(heard)
        track.feed([b"x" * 160] * PACKETS)
        track.end()
        pacer.outlet(wire).play(track)
    scraping = 0.0  # is counted by itself
    while not played.is_set():
        before = time.process_time()
        if page is not None:
            page()
        scraping += time.process_time() - before
        try:
            async with asyncio.timeout(SCRAPE_SECONDS):
                await played.wait()
        except TimeoutError:
            continue
    seconds, spent = time.monotonic() - begin, time.process_time() - cpu - scraping
    packets = pacer.stats.packets
    await pacer.close()
    for wire in wires:
        wire.close()
    return spent / packets, packets / seconds


def scrape_seconds(metrics: Metrics) -> float:
    """Return the processor time of one scrape."""
    begin = time.process_time()
    for _ in range(20):
        metrics.page()
    return (time.process_time() - begin) / 20


async def measure() -> dict[str, Any]:
    """Measure in turns, so that what else the machine does falls on both."""
    kept, none = Figures(), Figures()
    metrics = Metrics(Standing(Pacer()), Health())
    kept.observe(metrics)
    sentences: dict[str, list[float]] = {"on": [], "off": []}
    packets: dict[str, list[tuple[float, float]]] = {"on": [], "off": []}
    for number in range(ROUNDS):
        for name, figures in (("on", kept), ("off", none))[:: 1 if number % 2 else -1]:
            sentences[name].append(await sentence_seconds(figures))
            packets[name].append(await packet_figures(name == "on"))
    return {
        "scrape_milliseconds": round(scrape_seconds(metrics) * 1e3, 2),
        "sentence_microseconds": {
            name: round(statistics.median(values) * 1e6, 1) for name, values in sentences.items()
        },
        "packet_microseconds": {
            name: round(statistics.median(cpu for cpu, _ in values) * 1e6, 2)
            for name, values in packets.items()
        },
        "packets_per_second": {
            name: round(statistics.median(rate for _, rate in values), 1)
            for name, values in packets.items()
        },
    }


async def run() -> dict[str, Any]:
    """Return the figures, and whether they are within the goal."""
    found = await measure()
    packets, sentence = found["packet_microseconds"], found["sentence_microseconds"]
    # In microseconds a second. The pacer's part is the same by construction: nothing in it differs.
    speaking = OUTLETS * packets["off"] / PACKET_SECONDS
    made = {name: OUTLETS * sentence[name] / SENTENCE_SECONDS for name in ("on", "off")}
    scraping = found["scrape_milliseconds"] * 1e3 / USUAL_SCRAPE_SECONDS
    ratio = round((speaking + made["on"] + scraping) / (speaking + made["off"]), 3)
    rates = found["packets_per_second"]
    return {
        **found,
        "packets_per_second_ratio": round(rates["on"] / rates["off"], 3),
        "goals": [
            {
                "name": "processor time of 100 channels speaking, with figures against without",
                "measured": ratio,
                "limit": WORST_RATIO,
                "met": ratio <= WORST_RATIO,
            }
        ],
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Return what is printed."""
    names = ("sentence_microseconds", "packet_microseconds", "packets_per_second")
    told = [f"{name}: on {result[name]['on']}, off {result[name]['off']}" for name in names]
    told.append(f"scrape_milliseconds: {result['scrape_milliseconds']}")
    return [*told, f"packets per second, on against off: {result['packets_per_second_ratio']}"]
