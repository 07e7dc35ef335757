"""Voices in SQLite and a directory, against PostgreSQL and an S3 server, in the same run.

    .venv-servers/bin/python -m benchmarks stores

Both servers run on this machine and are reached by loopback: a network adds its round trips. Each
round does the same in both places, one after the other, and the place that is first changes.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np

from bot.app import open_store
from bot.config import Settings
from bot.config_sections import StorageSettings
from storage.types import CLIP_SAMPLE_RATE, NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.servers.places import places

ROUNDS = 100
VOICES = 100
"""That are there from the start."""

LISTED = 25
CLIP_SECONDS = 10.0
GUILD, OWNER = 81_384_788_765_712_384, 111_000_000_000_000_000
HERE, APART = "SQLite and a directory", "PostgreSQL and S3"


def clip_of(number: int) -> ReferenceClip:
    """Return noise of 16-bit steps, which compresses like speech at its worst."""
    count = int(CLIP_SECONDS * CLIP_SAMPLE_RATE)
    noise = np.random.default_rng(number).normal(0, 3000, count).round() / 32768
    return ReferenceClip(noise.astype(np.float32))


class Timed:
    """One place, and how long each operation took there, in ms."""

    def __init__(self, store: VoiceStore) -> None:
        self._store = store
        self.taken: dict[str, list[float]] = {}

    async def fill(self) -> None:
        """Store the voices that are there from the start; they share one recording."""
        clip = clip_of(0)
        for number in range(VOICES):
            await self._store.add(NewVoice(GUILD, f"There {number}", owner_id=OWNER), clip)

    async def round(self, number: int) -> None:
        """Enrol a voice, look it up, read its recording, list voices, and delete it."""
        store, name = self._store, f"Round {number}"
        new, clip = NewVoice(GUILD, name, owner_id=OWNER), clip_of(number + 1)
        voice = await self._time("enrolled", store.add(new, clip))
        await self._time("looked up", store.find(GUILD, name))
        await self._time("recording read", store.load_clip(voice))
        await self._time("listed", store.list_voices(GUILD, limit=LISTED))
        await self._time("deleted", store.delete(voice.id))

    async def _time(self, what: str, doing: Awaitable[Any]) -> Any:
        begun = time.perf_counter()
        result = await doing
        self.taken.setdefault(what, []).append((time.perf_counter() - begun) * 1000)
        return result

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Return p50 and p95 of each operation, in ms."""
        return {
            what: {f"p{p}_ms": round(float(np.percentile(each, p)), 2) for p in (50, 95)}
            for what, each in self.taken.items()
        }


async def run() -> dict[str, Any]:
    """Measure."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mynah-stores-"))
        here = StorageSettings(directory=Path(folder) / "data")
        [apart] = await asyncio.to_thread(stack.enter_context, places(1))
        timed = {
            name: Timed(await stack.enter_async_context(open_store(Settings(storage=where))))
            for name, where in ((HERE, here), (APART, apart))
        }
        for each in timed.values():
            await each.fill()
        for number in range(ROUNDS):
            for each in list(timed.values())[:: -1 if number % 2 else 1]:
                await each.round(number)
        return {
            "rounds": ROUNDS,
            "voices": VOICES,
            "listed": LISTED,
            "clip_seconds": CLIP_SECONDS,
            "places": {name: each.percentiles() for name, each in timed.items()},
        }


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    here, apart = (result["places"][name] for name in (HERE, APART))
    return [
        f"{what}: {here[what]['p50_ms']} ms (p95 {here[what]['p95_ms']} ms) in {HERE}, "
        f"{apart[what]['p50_ms']} ms (p95 {apart[what]['p95_ms']} ms) in {APART}, "
        f"{apart[what]['p50_ms'] / here[what]['p50_ms']:.1f} times as long"
        for what in here
    ]
