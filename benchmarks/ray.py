"""What a Ray cluster adds to a sentence until its sound is here, against the local engine worker.

An engine that needs no time, in turns in the local worker and in an actor of a cluster on this
machine; what is left is the way there and back. Needs the extra `ray`: `make bench-ray`.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import Any

from bot.pool.ray_cluster import RaySpec
from bot.pool.ray_engine import open_ray_engine
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec, Speech
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.ray.engines import open_fixed
from tests.speech.continuous_engine import sentence

ROUNDS = 20
SENTENCES = 20
MOST_MS = 15.0
OBJECT_STORE_BYTES = 80 << 20


async def run() -> dict[str, Any]:
    """Measure and return the figures."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 2,
            "object_store_memory": OBJECT_STORE_BYTES,
            "include_dashboard": False,
        },
    )
    try:
        spec = RaySpec(cluster.address, "bench", actors=1, gpus=0, open_engine=open_fixed)
        local, remote = _client(), _client(partial(open_ray_engine, spec))
        try:
            taken = await _in_turns({"local": local, "ray": remote})
        finally:
            await local.close()
            await remote.close()
    finally:
        cluster.shutdown()
    figures = {name: _figures(times) for name, times in taken.items()}
    added = {key: round(figures["ray"][key] - figures["local"][key], 2) for key in ("p50", "p95")}
    goals = [
        {"name": "added to a sentence until its sound is here, p50, ms", "limit": MOST_MS,
         "measured": added["p50"], "met": added["p50"] <= MOST_MS}
    ]  # fmt: skip
    return {"sentences": ROUNDS * SENTENCES, "ms": figures, "added_ms": added, "goals": goals}


def lines(result: dict[str, Any]) -> list[str]:
    """Return the figures for people."""
    told = [
        f"{name}: {each['p50']} ms, p95 {each['p95']} ms" for name, each in result["ms"].items()
    ]
    added = result["added_ms"]
    return [*told, f"added: {added['p50']} ms, p95 {added['p95']} ms"]


def _client(opener: Any = open_fixed) -> EngineClient:
    worker = Worker("engine worker", WorkerLimits(call_seconds=120), answers=ENGINE_ANSWERS)
    return EngineClient(worker, EngineSpec(), open_engine=opener)


async def _in_turns(clients: dict[str, EngineClient]) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for client in clients.values():
        await client.start()
    for _ in range(ROUNDS):
        for name, client in clients.items():
            taken[name] += [await _seconds(client) for _ in range(SENTENCES)]
    return taken


async def _seconds(client: EngineClient) -> float:
    begun = time.perf_counter()
    (result,) = await client.synthesize([sentence("quick")])
    assert isinstance(result, Speech)
    return time.perf_counter() - begun


def _figures(seconds: list[float]) -> dict[str, float]:
    ranks = statistics.quantiles(seconds, n=20)
    return {"p50": round(ranks[9] * 1000, 2), "p95": round(ranks[18] * 1000, 2)}
