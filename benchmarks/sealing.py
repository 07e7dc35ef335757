"""What sealing costs: storing and loading a voice with a key, compared with the same without one.

Two stores beside each other take turns, so that what else the machine does weighs on both; of each
turn the quickest of several tries counts, which is what the work itself takes.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.enrolment import goal, timed
from storage.key_file import new_key
from storage.sealing import NO_KEYS, KeyRing
from storage.types import NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.samples import RATE, speech_samples

REPETITIONS = 30
TRIES = 5
SECONDS = 30  # what is kept of an upload at most
MAX_RATIO = 1.2


async def run() -> dict[str, Any]:
    """Measure and return the figures."""
    speech = speech_samples(SECONDS + 1)
    async with stores() as both:
        turns = [await turn(both, number, speech) for number in range(REPETITIONS + 1)][1:]
    store, load = ([each[step] for each in turns] for step in range(2))
    figures = {"store": figures_of(store), "load": figures_of(load)}
    names = {"store": "storing a voice, sealed over plain, times",
             "load": "loading a voice, sealed over plain, times"}  # fmt: skip
    goals = [goal(names[step], figures[step]["ratio"], MAX_RATIO) for step in figures]
    return {
        "seconds_of_clip": SECONDS,
        "turns": REPETITIONS,
        "tries": TRIES,
        **figures,
        "goals": goals,
    }


def lines(result: dict[str, Any]) -> list[str]:
    """The figures for a person."""
    return [
        f"{step} a voice of {SECONDS} s: plain {result[step]['plain_ms']:.1f} ms, sealed "
        f"{result[step]['sealed_ms']:.1f} ms (median of {REPETITIONS} turns), "
        f"{result[step]['ratio']:.2f} times"
        for step in ("store", "load")
    ]


async def turn(both: list[VoiceStore], number: int, speech: Any) -> list[list[float]]:
    """Return the seconds of storing and of loading, each plain and sealed."""
    clip = ReferenceClip(speech[number : number + SECONDS * RATE])
    stored: list[list[float]] = [[], []]
    loaded: list[list[float]] = [[], []]
    for each in range(2 * TRIES):
        which = each % 2 if number % 2 else 1 - each % 2
        voice, seconds = await timed(both[which].add(NewVoice(0, f"{number} {each}"), clip))
        stored[which].append(seconds)
        loaded[which].append((await timed(both[which].load_clip(voice)))[1])
    return [[min(tries) for tries in step] for step in (stored, loaded)]


def figures_of(pairs: list[list[float]]) -> dict[str, float]:
    """Return medians in ms, and the median of the ratios of neighbours in time."""
    plain, sealed = zip(*pairs, strict=True)
    return {
        "plain_ms": round(1000 * statistics.median(plain), 2),
        "sealed_ms": round(1000 * statistics.median(sealed), 2),
        "ratio": round(statistics.median(s / p for p, s in pairs), 3),
    }


@asynccontextmanager
async def stores() -> AsyncIterator[list[VoiceStore]]:
    """A store without a key and one with a key."""
    async with AsyncExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        rings = (NO_KEYS, KeyRing([new_key()]))
        yield [
            await stack.enter_async_context(VoiceStore.open(folder, ring))
            for folder, ring in zip(folders, rings, strict=True)
        ]
