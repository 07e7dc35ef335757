"""How far Mynah grows: cards against servers in simulated time, and what the scheduler costs.

The scheduler, the pool with its rules of placement, the queues and the players are the bot's own.
Simulated are the clock, the cards (`benchmarks.simulation.card` has their costs and where they are
from), the members (`benchmarks.simulation.load`), and the pacer's thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from benchmarks.simulation import process
from benchmarks.simulation.card import CardCosts
from benchmarks.simulation.load import Load
from benchmarks.simulation.plots import Chart, draw
from benchmarks.simulation.world import WARM_UP_SECONDS, Case, simulate

SECONDS = {100: 300.0, 300: 120.0, 1_000: 60.0, 3_000: 30.0, 10_000: 15.0}
"""Simulated, by servers: as many texts of many servers come in a shorter time."""

CARDS = (1, 2, 4, 8, 16)
OVERLOAD = Case(200, 1, 300.0, load=Load(one_busy_of=10))
"""Twenty servers that always have more to say than one card can, for long enough to be heard."""

PICTURES = Path(__file__).parent.parent / "docs" / "images"
QUICK_SECONDS = 2.0
"""Until a newcomer is heard, in 19 of 20 cases: what is called enough below."""


async def run() -> dict[str, Any]:
    """Simulate every size, measure this machine, draw the pictures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    cases = [Case(servers, cards, SECONDS[servers]) for servers in SECONDS for cards in CARDS]
    result = {
        "load": asdict(Load()),
        "costs": asdict(CardCosts()),
        "warm_up_seconds": WARM_UP_SECONDS,
        "cases": await simulated(cases),
        "overload": (await simulated([OVERLOAD]))[0],
        "decisions": process.decisions(),
    }
    result["goals"] = goals(result)
    draw_all(result, PICTURES)
    return result


async def simulated(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Return what came of each case, and tell how far it is."""
    results, start = [], time.perf_counter()
    for number, case in enumerate(cases, 1):
        results.append(await asyncio.to_thread(simulate, case))
        print(
            f"  {number} of {len(cases)} after {time.perf_counter() - start:.0f} s: "
            f"{case.servers} servers, {case.cards} cards",
            flush=True,
        )
    return results


def goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is asked of the scheduler."""
    busy = result["decisions"]["1000"]["all slots taken"]
    ratio = round(busy["now_ms"] / busy["before_ms"], 3)
    least = result["overload"]["jain_of_busy_servers"]
    return [
        {"name": "a decision with 1,000 waiting and all slots taken, times the former one",
         "measured": ratio, "limit": 0.25, "met": ratio <= 0.25},
        {"name": "Jain's index of 20 servers that ask alike, on one card that they overload",
         "measured": least, "limit": 0.9, "met": least >= 0.9},
    ]  # fmt: skip


def enough(cases: Sequence[dict[str, Any]]) -> dict[int, int | None]:
    """Return the fewest cards by servers with which newcomers are heard quickly, none refused."""
    found: dict[int, int | None] = {}
    for case in cases:
        first = case["first_sound_seconds"]
        good = first and first["p95"] <= QUICK_SECONDS and case["refused_share"] == 0
        if found.get(case["servers"]) is None:
            found[case["servers"]] = case["cards"] if good else None
    return found


def draw_all(result: dict[str, Any], directory: Path) -> None:
    """Draw the pictures of docs/scale.md."""
    cases = result["cases"]
    servers = sorted({case["servers"] for case in cases})
    over = Chart("", "servers", "", servers, (0.1, 1, 10, 100), {}, log=True)
    share = replace(over, log=False, ticks=(0, 0.2, 0.4, 0.6, 0.8, 1))
    draw(
        [
            replace(over, title="First sound of a server that was silent, p50", y="seconds",
                    lines=_lines(cases, lambda case: _first(case, "p50"))),
            replace(over, title="The same, p95", y="seconds",
                    lines=_lines(cases, lambda case: _first(case, "p95"))),
        ],
        directory / "scale-first-sound.png",
    )  # fmt: skip
    draw(
        [
            replace(share, title="Utilisation of the cards", y="share of time with work",
                    lines=_lines(cases, lambda case: case["utilisation"])),
            replace(share, title="Texts refused", y="share of texts",
                    lines=_lines(cases, lambda case: case["refused_share"])),
        ],
        directory / "scale-cards.png",
    )  # fmt: skip
    draw([_decisions(result, when) for when in ("all slots taken", "a slot is free")],
         directory / "scale-decisions.png")  # fmt: skip


def _first(case: dict[str, Any], which: str) -> float | None:
    quantiles = case["first_sound_seconds"]
    return quantiles[which] if quantiles else None


def _lines(cases: Sequence[dict[str, Any]], value: Any) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for case in cases:
        if (y := value(case)) is not None:
            cards = case["cards"]
            lines.setdefault(f"{cards} GPU{'s' * (cards > 1)}", []).append((case["servers"], y))
    return lines


def _decisions(result: dict[str, Any], when: str) -> Chart:
    told = result["decisions"]
    lines = {
        name: [(float(waiting), each[when][key]) for waiting, each in told.items()]
        for name, key in (("before", "before_ms"), ("now", "now_ms"))
    }
    ticks = [float(waiting) for waiting in told]
    return Chart(f"A decision: {when}", "servers that wait", "milliseconds",
                 ticks, (0.01, 0.1, 1, 10, 100), lines, log=True)  # fmt: skip


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    told = [
        f"{case['servers']:>6} servers, {case['cards']:>2} cards: {case['speaking_at_a_time']:>6}"
        f" speak; first sound {_told(case['first_sound_seconds'])}, busy servers "
        f"{_told(case['busy_first_sound_seconds'])}; busy {case['utilisation']:.0%}, refused "
        f"{case['refused_share']:.1%}, Jain {case['jain_of_busy_servers']}, voices there "
        f"{case['voice_hits']:.0%}"
        for case in [*result["cases"], result["overload"]]
    ]
    told += [
        f"a decision, {waiting} wait, {when}: {each['before_ms']} ms before, {each['now_ms']} now"
        for waiting, situations in result["decisions"].items()
        for when, each in situations.items()
    ]
    fewest = (f"{n}: {cards or 'more'}" for n, cards in enough(result["cases"]).items())
    return [*told, f"cards that are enough (p95 within {QUICK_SECONDS} s): {', '.join(fewest)}"]


def _told(quantiles: dict[str, float] | None) -> str:
    return f"p50 {quantiles['p50']} s, p95 {quantiles['p95']} s" if quantiles else "unknown"
