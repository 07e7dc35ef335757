"""How the tests ask engines of a cluster, and wait for what they are to become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np

from bot.pool.opening import following
from bot.pool.ray_cluster import RaySpec
from bot.pool.ray_engine import open_ray_engine
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, SynthesisResult, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.clips import clip_path, write_clip
from storage.types import ReferenceClip

PATIENCE_SECONDS = 90.0
"""For anything of a cluster on a machine that has other things to do."""


DEFAULT = EngineSpec()


@asynccontextmanager
async def asking(ray_spec: RaySpec, spec: EngineSpec = DEFAULT) -> AsyncIterator[EngineClient]:
    """A bot's engine over a cluster; its actors stay."""
    worker = Worker("engine worker", WorkerLimits(call_seconds=120), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, spec, open_engine=partial(open_ray_engine, ray_spec))
    try:
        await client.start()
        async with following(client):
            yield client
    finally:
        await client.close()


async def speak(client: EngineClient, request: SynthesisRequest) -> SynthesisResult:
    (result,) = await client.synthesize([request])
    return result


def packets(result: SynthesisResult) -> tuple[bytes, ...]:
    assert isinstance(result, Speech), result
    return result.packets


async def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def until_slots(client: EngineClient, slots: int) -> None:
    await until(lambda: client.slots == slots)


def voice(folder: Path, seed: int, seconds: float = 10.0) -> VoiceReference:
    """A voice with a clip; one of 10 s is longer than what Ray takes without its object store."""
    samples = np.random.default_rng(seed).normal(0, 0.1, round(24_000 * seconds))
    clip = ReferenceClip(samples.astype(np.float32))
    path = clip_path(folder, clip.sha256)
    write_clip(path, clip)
    return VoiceReference(path, clip.sha256)
