"""A real Ray cluster on loopback: a head without a GPU, and machines with one each, in name."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from subprocess import PIPE
from typing import Any

import pytest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"

from ray.cluster_utils import Cluster

from bot.pool.ray_cluster import RaySpec
from bot.speech.engine_client import EngineClient
from bot.speech.engine_worker import EngineOpener
from tests.ray.asking import asking

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


@pytest.fixture(scope="session")
def ender(cluster: Cluster) -> Iterator[subprocess.Popen[str]]:
    """A process that ends actors: this one does not join, lest it ends with a head."""
    command = [sys.executable, "-m", "tests.ray.ender", cluster.address]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as ender:
        yield ender
        assert ender.stdin is not None
        ender.stdin.close()


@pytest.fixture
def namespace(ender: subprocess.Popen[str]) -> Iterator[str]:
    """Yield one whose actors are ended afterwards, when no bot is there that begins them anew."""
    name = uuid.uuid4().hex
    yield name
    assert ender.stdin is not None
    assert ender.stdout is not None
    print(name, file=ender.stdin, flush=True)
    assert ender.stdout.readline() == f"{name}\n"


@pytest.fixture
def open_cluster(cluster: Cluster, namespace: str) -> OpenCluster:
    """Return what opens a bot's engine over the cluster; each is another bot."""

    @asynccontextmanager
    async def opening(open_engine: EngineOpener, **spec: Any) -> AsyncIterator[EngineClient]:
        ray_spec = RaySpec(
            **({"address": cluster.address, "namespace": namespace, "gpus": 0.5} | spec),
            open_engine=open_engine,
        )
        async with asking(ray_spec) as client:
            yield client

    return opening
