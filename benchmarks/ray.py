"""What a Ray cluster adds to a sentence until its sound is here, against the local engine worker.

An engine that needs no time, in turns in the local worker and in an actor of a cluster on this
machine; what is left is the way there and back. Of empty sentences, and of 3 s of Opus packets,
which come in several pieces and are given on when they are whole. When the first bytes of those are
back is measured in this process, which asks the actor as the engine worker does. Needs the extra
`ray`: `make bench-ray`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmarks.doubles.instant_engine import EMPTY, SENTENCE_SECONDS, open_instant
from bot.pool.ray_cluster import RaySpec, actor_names, connect, import_ray
from bot.pool.ray_engine import open_ray_engine
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec, Speech
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.continuous_engine import sentence

ROUNDS = 20
SENTENCES = 20
MOST_MS = 15.0
SPOKEN = "A sentence of a usual length."
OBJECT_STORE_BYTES = 80 << 20

Times = dict[str, list[float]]


async def run() -> dict[str, Any]:
    """Measure and return the figures."""
    with open_cluster() as address:
        spec = RaySpec(address, "bench", actors=1, gpus=0, open_engine=open_instant)
        local, remote = _client(), _client(partial(open_ray_engine, spec))
        try:
            await local.start()
            await remote.start()
            taken = await _in_turns(
                {
                    "local, empty": partial(_whole, local, EMPTY),
                    "ray, empty": partial(_whole, remote, EMPTY),
                    "local, sentence": partial(_whole, local, SPOKEN),
                    "ray, sentence": partial(_whole, remote, SPOKEN),
                    "ray, first bytes of a sentence": partial(_first_bytes, _actor(spec)),
                }
            )
        finally:
            await local.close()
            await remote.close()
    return described(taken)


@contextmanager
def open_cluster() -> Iterator[str]:
    """Open a Ray cluster of this machine alone; yield its address."""
    ray = import_ray()
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
        yield cluster.address
    finally:
        ray.shutdown()  # where this process asked an actor by itself
        cluster.shutdown()


def described(taken: Mapping[str, list[float]]) -> dict[str, Any]:
    """Return the figures of seconds taken, and hold them against the goals."""
    figures = {name: _figures(times) for name, times in taken.items()}
    added = {
        what: {
            key: round(figures[f"ray, {what}"][key] - figures[f"local, {of}"][key], 2)
            for key in ("p50", "p95")
        }
        for what, of in (("empty", "empty"), ("sentence", "sentence"),
                         ("first bytes of a sentence", "sentence"))
    }  # fmt: skip
    goals = [
        {"name": f"added until it is here, {what}, {key}, ms", "limit": MOST_MS,
         "measured": value, "met": value <= MOST_MS}
        for what, values in added.items()
        for key, value in values.items()
    ]  # fmt: skip
    return {
        "sentences": ROUNDS * SENTENCES,
        "sentence_seconds": SENTENCE_SECONDS,
        "ms": figures,
        "added_ms": added,
        "goals": goals,
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Return the figures for people."""
    return [
        f"{name}: {each['p50']} ms, p95 {each['p95']} ms" for name, each in result["ms"].items()
    ]


def _client(opener: Any = open_instant) -> EngineClient:
    worker = Worker("engine worker", WorkerLimits(call_seconds=120), answers=ENGINE_ANSWERS)
    return EngineClient(worker, EngineSpec(), open_engine=opener)


def _actor(spec: RaySpec) -> Any:
    ray = connect(spec)
    (name,) = actor_names(ray)
    return ray.get_actor(name)


async def _in_turns(ways: Mapping[str, Callable[[], Awaitable[float]]]) -> Times:
    taken: Times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, seconds in ways.items():
            taken[name] += [await seconds() for _ in range(SENTENCES)]
    return taken


async def _whole(client: EngineClient, text: str) -> float:
    """Return the seconds until the bot has a sentence."""
    begun = time.perf_counter()
    (result,) = await client.synthesize([sentence(text)])
    assert isinstance(result, Speech)
    return time.perf_counter() - begun


async def _first_bytes(actor: Any) -> float:
    """Return the seconds until the first of a sentence's pieces is here."""
    call = actor.speak.options(num_returns="streaming", concurrency_group="speech")
    begun, first, pieces = time.perf_counter(), 0.0, 0
    async for piece in call.remote(sentence(SPOKEN)):
        content, pieces = await piece, pieces + 1
        first = first or time.perf_counter() - begun
        assert content
    assert pieces > 2
    return first


def _figures(seconds: list[float]) -> dict[str, float]:
    ranks = statistics.quantiles(seconds, n=20)
    return {"p50": round(ranks[9] * 1000, 2), "p95": round(ranks[18] * 1000, 2)}
