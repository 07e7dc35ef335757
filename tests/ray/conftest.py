"""A real Ray cluster on loopback: a head without a GPU, and machines with one each, in name."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import pytest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"

from ray.cluster_utils import Cluster

from bot.pool.opening import following
from bot.pool.ray_cluster import RaySpec
from bot.pool.ray_engine import open_ray_engine
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineOpener
from bot.speech.types import EngineSpec
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits

NODE: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80 << 20}

OpenCluster = Callable[..., AbstractAsyncContextManager[EngineClient]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    head = NODE | {"num_gpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            cluster.add_node(num_gpus=1, **NODE)
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture
def namespace() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def open_cluster(cluster: Cluster, namespace: str) -> OpenCluster:
    """Return what opens a bot's engine over the cluster, and ends its actors afterwards."""

    @asynccontextmanager
    async def opening(open_engine: EngineOpener, **spec: Any) -> AsyncIterator[EngineClient]:
        ray_spec = RaySpec(
            **({"address": cluster.address, "namespace": namespace, "gpus": 0.5} | spec),
            open_engine=open_engine,
        )
        limits = WorkerLimits(call_seconds=120)
        worker = Worker("engine worker", limits, answers=ENGINE_ANSWERS)
        client = EngineClient(worker, EngineSpec(), open_engine=partial(open_ray_engine, ray_spec))
        try:
            await client.start()
            try:
                async with following(client):
                    yield client
            finally:
                await worker.run(end_all, ray_spec)  # a failed test's, too, take GPUs
        finally:
            await client.close()

    return opening


def end_all(ray_spec: RaySpec) -> list[str]:
    from bot.pool.ray_serving import stop_all

    return stop_all(ray_spec)
