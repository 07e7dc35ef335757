"""Two actors of a tiny Chatterbox, and bots that come and go."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from bot.pool.opening import following
from bot.pool.ray_cluster import RaySpec
from bot.pool.ray_engine import open_ray_engine
from bot.speech.engine_client import EngineClient
from bot.speech.types import ChatterboxModel, EngineSpec, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.sealing import NO_KEYS, KeyRing
from tests.chatterbox.conftest import checkpoint as checkpoint
from tests.chatterbox.conftest import spec, store
from tests.ray.chatterbox.noting import Note, contents, open_noting, read_notes

os.environ.pop("OMP_NUM_THREADS", None)  # what Ray is started with, its actors have

SLOTS = 2
"""Of each actor."""

_pitches_hz = itertools.count(90.0, 10.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # The packages warn of themselves; the first test also loads both engines.
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.timeout(600))


@dataclasses.dataclass(frozen=True, slots=True)
class Actors:
    """Two of them, and the folder in which they note what they are told."""

    engine: EngineSpec
    ray: RaySpec
    folder: Path

    @asynccontextmanager
    async def bot(self, keys: KeyRing = NO_KEYS) -> AsyncIterator[EngineClient]:
        """Open a bot's engine over both actors, which stay for the next."""
        worker = Worker("engine worker", WorkerLimits(call_seconds=500), answers=ENGINE_ANSWERS)
        engine = dataclasses.replace(self.engine, keys=keys)
        client = EngineClient(worker, engine, open_engine=partial(open_ray_engine, self.ray))
        try:
            await client.start()
            async with following(client):
                while client.slots != 2 * SLOTS:
                    await asyncio.sleep(0.05)
                yield client
        finally:
            await client.close()

    def notes(self) -> list[Note]:
        """What all actors were told, by process."""
        return read_notes(self.folder)

    def contents(self) -> bytes:
        """All that they were told, as bytes."""
        return b"".join(contents(self.folder))


@pytest.fixture(scope="session")
def actors(
    cluster: Cluster,
    checkpoint: Callable[[ChatterboxModel], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Actors:
    """Begun by the first bot that asks for them; they end with the cluster."""
    folder = tmp_path_factory.mktemp("notes")
    ray = RaySpec(
        cluster.address,
        uuid.uuid4().hex,
        actors=2,
        gpus=0.5,
        open_engine=partial(open_noting, folder),
    )
    # A card in name only: it speaks on the CPU.
    return Actors(spec("nano", checkpoint("nano"), slots=SLOTS), ray, folder)


@pytest.fixture
def voice(tmp_path: Path) -> VoiceReference:
    """A stored voice that no test had before."""
    return store(tmp_path, 6.0, next(_pitches_hz))
