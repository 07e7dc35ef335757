"""Commands of members to the whole bot, over the wire of the loopback Discord.

How soon a command is acknowledged, with the engine idle and at work in the same run; what `/say`
costs beside the synthesis of its first sentence; how soon `/skip` is silence. The bot and the
loopback Discord share one process and one event loop: the figures hold the work of both ends, and
are small enough not to need better.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.logs import configure_logging
from bot.speech.types import PACKET_SECONDS
from loopback import Interaction
from tests.e2e.live import Call, Live, open_live

ROUNDS = 60  # of four commands each
SPEECHES = 30
SKIPS = 30
ACKNOWLEDGE_LIMIT_MS = 200.0
OVERHEAD_LIMIT_MS = 150.0
SILENCE_LIMIT_MS = 100.0
SENTENCE = "The train leaves at seven."
LONG = "The rain had stopped before morning, and the road to the harbour was still wet. " * 3

COMMANDS: dict[str, Callable[[Call], Interaction]] = {
    "say": lambda call: call.say(SENTENCE),
    "queue": lambda call: call.ada.slash("queue"),
    "voice list": lambda call: call.ada.slash("voice list"),
    "stop": lambda call: call.ada.slash("stop"),
}


async def run() -> dict[str, Any]:
    """Measure; times in milliseconds."""
    configure_logging("warning")
    result: dict[str, Any] = {"load_average_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as directory:
        async with open_live(Path(directory)) as live:
            await live.backstage.engine.start()
            call = await live.new_call()
            await call.ada.slash("join").answered()
            result["idle"] = summary(await acknowledgements(call))
            async with live.busy_engine():
                result["busy"] = summary(await acknowledgements(call))
            result["overhead"] = summary(await overheads(live, call))
            result["silence"] = summary(await silences(call))
    return result | {"goals": goals(result)}


async def acknowledgements(call: Call) -> list[float]:
    """Return how long each command waited for its first response."""
    times: list[float] = []
    for _ in range(ROUNDS):
        for send in COMMANDS.values():
            answer = await send(call).acknowledged()
            assert answer.acknowledged_after is not None
            times.append(answer.acknowledged_after * 1000)
    return times


async def overheads(live: Live, call: Call) -> list[float]:
    """Return the time from `/say` to the first packet, less what the engine took to make it."""
    times: list[float] = []
    for _ in range(SPEECHES):
        spoken = live.desk.spoken.setdefault(call.guild.id, [])
        before = len(spoken)
        heard, audible = len(call.listener.packets), len(call.listener.audible)
        asked_ns = time.time_ns()
        call.say(SENTENCE)
        await call.listener.until_heard(audible + 1)
        call.ada.slash("stop")
        await call.heard_to_the_end(since=heard)
        first_ns = call.listener.packets[heard].arrival_ns
        synthesis = sum(spoken[before].timings.values())
        times.append((first_ns - asked_ns) / 1e6 - synthesis * 1000)
    return times


async def silences(call: Call) -> list[float]:
    """Return the time from `/skip` to the first frame of silence."""
    chance = random.Random(20240)
    times: list[float] = []
    for _ in range(SKIPS):
        heard, audible = len(call.listener.packets), len(call.listener.audible)
        call.say(LONG)
        await call.listener.until_heard(audible + 10)
        await asyncio.sleep(chance.uniform(0, PACKET_SECONDS))  # any moment between two packets
        asked_ns = time.time_ns()
        call.ada.slash("skip")
        await call.heard_to_the_end(since=heard)
        times.append((call.silent_since_ns - asked_ns) / 1e6)
    return times


def summary(times: list[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum."""
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    figures = {"p50": percentiles[49], "p99": percentiles[98], "max": max(times)}
    return {name: round(value, 1) for name, value in figures.items()} | {"count": len(times)}


def goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What the project promises."""
    wanted = (
        ("command to acknowledgement p99, engine busy, ms", "busy", "p99", ACKNOWLEDGE_LIMIT_MS),
        ("/say to first packet beyond synthesis p50, ms", "overhead", "p50", OVERHEAD_LIMIT_MS),
        ("/skip to silence, slowest, ms", "silence", "max", SILENCE_LIMIT_MS),
    )
    return [
        {
            "name": name,
            "measured": result[part][figure],
            "limit": limit,
            "met": result[part][figure] <= limit,
        }
        for name, part, figure, limit in wanted
    ]


def lines(result: dict[str, Any]) -> list[str]:
    """The result as a table."""
    names = {
        "idle": "acknowledgement, engine idle",
        "busy": "acknowledgement, engine busy",
        "overhead": "/say to first packet beyond synthesis",
        "silence": "/skip to silence",
    }
    rows = [f"{'':40}  count   p50 ms   p99 ms   max ms"]
    for part, name in names.items():
        figures = "".join(f"{result[part][figure]:9.1f}" for figure in ("p50", "p99", "max"))
        rows.append(f"{name:40}{result[part]['count']:7}{figures}")
    return rows
