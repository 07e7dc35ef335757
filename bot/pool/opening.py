"""Engines of a Ray cluster as the configuration asks for them; all else of it is imported then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.config_sections import EngineSettings
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineOpener

if TYPE_CHECKING:
    from bot.pool.ray_cluster import RaySpec

LOOK_SECONDS = 1.0


def engine_opener(engine: EngineSettings) -> EngineOpener:
    """Return what joins the cluster, in the engine worker."""
    # Nothing of it is needed where there is no cluster.
    from bot.pool.ray_engine import open_ray_engine

    return partial(open_ray_engine, ray_spec(engine))


def ray_spec(engine: EngineSettings) -> RaySpec:
    """Return which Ray cluster the engines are actors of."""
    from bot.pool.ray_cluster import RaySpec

    return RaySpec(
        engine.ray_address,
        engine.ray_namespace,
        None if engine.ray_actors == "auto" else engine.ray_actors,
        engine.ray_gpus,
        engine.sentence_timeout_seconds,
    )


@asynccontextmanager
async def following(engine: EngineClient) -> AsyncIterator[None]:
    """Ask now and then how many sentences an engine takes at once whose members come and go."""
    task = asyncio.create_task(_follow(engine), name="engine-following")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _follow(engine: EngineClient) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await engine.look()
