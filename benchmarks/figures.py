"""What keeping figures costs: the same speech with metrics on and off, in turns in one run.

Sentences go through the bot's scheduler and are reported as the bot reports them; packets go
through its pacer to many outlets, without encryption, while a scrape a second (Prometheus' default
is one a minute) reads everything. So the ratio is the worst that an operator pays.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.operations.figures import Figures, UtteranceFacts
from bot.operations.health import Health
from bot.operations.metrics import Metrics
from bot.operations.vitals import EngineReading, Pulse, Reading, VoiceReading
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from bot.voice.pacer import Pacer
from bot.voice.track import Track

ROUNDS = 10
SENTENCES = 1000
OUTLETS = 100
PACKETS = 100
WORST_RATIO = 1.1
"""How many times the processor time of a sentence of speech, played, figures may cost."""

SCRAPE_SECONDS = 1.0
TIMINGS = {"decode": 0.5, "vocode": 0.2, "master": 0.01, "encode": 0.02}
_VOICE = VoiceReference(Path("clip"), "0" * 64)
_FACTS = UtteranceFacts(1, "say", "played", 0.1, 0.3, 0.7, 2.0, 1, 0, 0)


class Immediate:
    """An engine that takes no time, so that what is around it shows."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return speech at once."""
        return [Speech((b"packet",), 2.0, TIMINGS) for _ in batch]


class Nowhere:
    """Takes packets."""

    def ready(self) -> bool:
        """Always."""
        return True

    def send(self, packet: bytes) -> None:
        """Drop it."""

    def speaking(self, on: bool) -> None:
        """Show nobody."""


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

    pacer.start()
    begin, cpu = time.monotonic(), time.process_time()
    for _ in range(OUTLETS):
        track = Track(heard)
        track.feed([b"x" * 160] * PACKETS)
        track.end()
        pacer.outlet(Nowhere()).play(track)
    while not played.is_set():
        if page is not None:
            page()
        try:
            async with asyncio.timeout(SCRAPE_SECONDS):
                await played.wait()
        except TimeoutError:
            continue
    seconds, spent = time.monotonic() - begin, time.process_time() - cpu
    packets = pacer.stats.packets
    await pacer.close()
    return spent / packets, packets / seconds


async def measure() -> dict[str, Any]:
    """Measure in turns, so that what else the machine does falls on both."""
    kept, none = Figures(), Figures()
    kept.observe(Metrics(Standing(Pacer()), Health()))
    sentences: dict[str, list[float]] = {"on": [], "off": []}
    packets: dict[str, list[tuple[float, float]]] = {"on": [], "off": []}
    for number in range(ROUNDS):
        for name, figures in (("on", kept), ("off", none))[:: 1 if number % 2 else -1]:
            sentences[name].append(await sentence_seconds(figures))
            packets[name].append(await packet_figures(name == "on"))
    return {
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
    # What a sentence of 2 s costs the bot's process: itself, and 100 packets.
    whole = {name: sentence[name] + PACKETS * packets[name] for name in ("on", "off")}
    ratio = round(whole["on"] / whole["off"], 3)
    rates = found["packets_per_second"]
    return {
        **found,
        "packets_per_second_ratio": round(rates["on"] / rates["off"], 3),
        "goals": [
            {
                "name": "processor time of a sentence of speech with figures against without",
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
    return [*told, f"packets per second, on against off: {result['packets_per_second_ratio']}"]
