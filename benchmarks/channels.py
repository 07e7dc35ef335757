"""Where one bot process ends: how many servers it can send to at once, by its pacer.

With transport encryption, and without what else a bot does; see `benchmarks.pacing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import pacing
from benchmarks.simulation.plots import Chart, draw

CHANNELS = (200, 400, 600, 800, 1_000)
MOST_P99_MS = 22.0
KEPT = 400
"""Servers at once with which the pace has to be kept."""

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "scale-process.png"


async def run() -> dict[str, Any]:
    """Measure every number, and draw the picture."""
    told = {str(number): await pacing.measure(number, pacing.by_pacer) for number in CHANNELS}
    draw(charts(told), PICTURE)
    measured = told[str(KEPT)]["p99_ms"]
    goal = {"name": f"{KEPT} servers at once: p99 of the pace, ms", "measured": measured,
            "limit": MOST_P99_MS, "met": measured <= MOST_P99_MS}  # fmt: skip
    return {"channels": told, "pacer_realtime": await pacing.has_priority(), "goals": [goal]}


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    return [
        f"{number} servers at once: {each['processor_cores']} cores, p99 {each['p99_ms']} ms, "
        f"{each['gaps_over_40_ms']} of {each['gaps']} gaps over 40 ms"
        for number, each in result["channels"].items()
    ]


def charts(told: dict[str, Any]) -> list[Chart]:
    """Return the pictures of docs/scale.md: processor and pace against servers."""
    numbers = [float(number) for number in told]

    def chart(title: str, key: str, ticks: Sequence[float], limit: float, name: str) -> Chart:
        line = [(float(number), each[key]) for number, each in told.items()]
        return Chart(title, "servers that speak at once", "", numbers, ticks, {"one process": line},
                     limit=(limit, name))  # fmt: skip

    most = max(each["p99_ms"] for each in told.values())
    return [
        chart("Processor, cores", "processor_cores", (0, 0.25, 0.5, 0.75, 1), 1.0, "one core"),
        chart("Gap between two packets, p99, ms", "p99_ms", _ticks(most), 22.0, "22 ms"),
    ]


def _ticks(most: float) -> list[float]:
    """Return marks from 0 to beyond `most`, at a distance that leaves few of them."""
    step = next((step for step in (5.0, 10.0, 20.0, 50.0, 100.0) if most < 6 * step), 500.0)
    return [step * number for number in range(int(most // step) + 2)]
