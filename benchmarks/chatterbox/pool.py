"""Two workers of Chatterbox on this machine's CPU against one: with the same cores, and with all.

    python -m benchmarks.chatterbox.pool [--output DIRECTORY]

In the environment that has Chatterbox. The checkpoint is a tiny one of random weights: its
sentences cost far less than real ones, so that what the pool itself costs weighs more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from benchmarks.__main__ import HERE, environment
from bot.pool.cores import take_share
from bot.pool.pool import EnginePool
from bot.speech.engine_client import EngineClient
from bot.speech.scheduler import FairScheduler
from bot.speech.types import EngineSpec, SelfCheck, SynthesisRequest, VoiceReference, VoiceSettings
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.clips import clip_path, write_clip
from storage.types import ReferenceClip
from tools.random_engine import open_tiny

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SENTENCES_EACH = 40  # for each worker
ROUNDS = 3
WAYS = ((1, 1), (1, 2), (2, 2))
"""Workers, and into how many shares the cores are divided, of which each worker has one."""

TWO = 1.7
"""How many times as many sentences as one two workers have to speak, each with the same cores."""

_TEXT = "A sentence of some length, as members write it."
_VOICE_SECONDS = 6.0


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chatterbox.pool")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    output: Path = parser.parse_args().output
    described = environment()
    with tempfile.TemporaryDirectory() as directory:
        result = asyncio.run(run(Path(directory)))
    print("\n".join(lines(result)))
    output.mkdir(parents=True, exist_ok=True)
    stored = json.dumps({"environment": described, "result": result}, indent=2) + "\n"
    (output / "pool-chatterbox.json").write_text(stored, encoding="utf-8")
    sys.exit(0 if all(goal["met"] for goal in result["goals"]) else 1)


async def run(directory: Path) -> dict[str, Any]:
    """Measure all ways, in turns."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    checkpoint, voice = _make_checkpoint(directory / "checkpoint"), _make_voice(directory)
    spec = EngineSpec(
        "chatterbox", "nano", checkpoint, "cpu",
        precision="fp32", flow_precision="fp32", slots=2,
        self_check=SelfCheck(enabled=False, retries=0, trim_tail=False, steady_short=False),
    )  # fmt: skip
    best = dict.fromkeys(WAYS, 0.0)
    for _ in range(ROUNDS):
        for workers, shares in WAYS:
            async with pool_of(spec, workers, shares) as pool:
                rate = await sentences_a_second(pool, voice)
            best[workers, shares] = max(best[workers, shares], rate)
    ratio = best[2, 2] / best[1, 2]
    name = "two of tiny Chatterbox to one with as many cores, times the sentences"
    return {
        "cores": len(os.sched_getaffinity(0)),
        "rounds": ROUNDS,
        "sentences_a_second": {
            f"{workers} of {shares} shares of the cores": round(rate, 2)
            for (workers, shares), rate in best.items()
        },
        "two_to_one_with_its_share": round(ratio, 2),
        "two_to_one_with_all_cores": round(best[2, 2] / best[1, 1], 2),
        "goals": [
            {"name": name, "measured": round(ratio, 2), "limit": TWO, "met": ratio >= TWO},
        ],
    }


@asynccontextmanager
async def pool_of(spec: EngineSpec, workers: int, shares: int) -> AsyncIterator[EnginePool]:
    """Open so many workers, all of them loaded, each with one of so many shares of the cores."""
    clients = [
        EngineClient(
            Worker(
                "engine worker",
                WorkerLimits(call_seconds=300),
                partial(take_share, number, shares),
                answers=ENGINE_ANSWERS,
                place=f"cpu {number}",
            ),
            spec,
            open_engine=open_tiny,
            name=f"cpu {number}",
        )
        for number in range(workers)
    ]
    pool = EnginePool(clients, together=False)
    try:
        await asyncio.gather(*(client.start() for client in clients))
        yield pool
    finally:
        await pool.close()


async def sentences_a_second(pool: EnginePool, voice: VoiceReference) -> float:
    """Return the rate at which many servers get a sentence each, through the fair queue."""
    scheduler = FairScheduler(
        pool,
        at_once=lambda: pool.slots,
        company_slows=lambda: pool.company_slows,
        withdraws=lambda: pool.withdraws,
    )
    request = SynthesisRequest(_TEXT, voice, settings=VoiceSettings(seed=1))
    ask = partial(scheduler.synthesize, request, due=lambda: 0.0)
    workers = len(pool.devices)
    # The voice is prepared everywhere, and all that is loaded late is loaded.
    await asyncio.gather(*(ask(guild_id=number) for number in range(8 * workers)))
    sentences = SENTENCES_EACH * workers
    start = time.perf_counter()
    await asyncio.gather(*(ask(guild_id=number) for number in range(sentences)))
    took = time.perf_counter() - start
    await scheduler.close()
    return sentences / took


def lines(result: dict[str, Any]) -> list[str]:
    """Return what is printed."""
    (goal,) = result["goals"]
    return [
        *(f"{way}: {rate} sentences/s" for way, rate in result["sentences_a_second"].items()),
        f"two to one with all {result['cores']} cores: {result['two_to_one_with_all_cores']} times",
        f"goal {'met   ' if goal['met'] else 'MISSED'} {goal['name']}: {goal['measured']} "
        f"(limit {goal['limit']})",
    ]


def _make_checkpoint(directory: Path) -> Path:
    # A process of its own: torch's threads would stay in this one.
    command = [sys.executable, "-W", "ignore", "-m", "tools.random_checkpoint", str(directory)]
    subprocess.run([*command, "--model", "nano"], check=True)
    return directory


def _make_voice(directory: Path) -> VoiceReference:
    noise = np.random.default_rng(0).normal(0, 0.1, round(_VOICE_SECONDS * 24_000))
    clip = ReferenceClip(noise.astype(np.float32))
    path = clip_path(directory, clip.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_clip(path, clip)
    return VoiceReference(path, clip.sha256)


if __name__ == "__main__":
    main()
