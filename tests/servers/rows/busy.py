"""A process that enrols, renames, reads and deletes voices beside others; see test_processes.py."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from storage.errors import VoiceNotFoundError
from storage.types import CLIP_SAMPLE_RATE, NewVoice, ReferenceClip
from storage.voices import VoiceStore


async def live(directory: Path, url: str, number: int, seconds: float) -> dict[str, int]:
    rounds = stale = 0
    noise = np.random.default_rng(number)
    async with VoiceStore.open(directory, url=url) as store:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            samples = noise.normal(0, 0.1, CLIP_SAMPLE_RATE // 10).astype(np.float32)
            voice = await store.add(NewVoice(number, f"voice {rounds}"), ReferenceClip(samples))
            await store.rename(voice.id, f"renamed {rounds}")
            stale += (await store.get(voice.id)).name != f"renamed {rounds}"
            await store.load_clip(voice)
            await store.delete(voice.id)
            try:
                await store.get(voice.id)
                stale += 1
            except VoiceNotFoundError:
                rounds += 1
        return {"rounds": rounds, "stale": stale, "left": await store.count(number)}


if __name__ == "__main__":
    print(
        json.dumps(
            asyncio.run(
                live(
                    Path(sys.argv[1]), os.environ["TEST_URL"], int(sys.argv[2]), float(sys.argv[3])
                )
            )
        )
    )
