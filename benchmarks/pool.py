"""Several engine workers on one machine: how much more speech they make than one, in one run.

Engines that take a fixed time show what the pool itself costs; piper shows what this machine's
cores allow, where each worker has its share of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from bot.pool.cores import take_share
from bot.pool.pool import EnginePool
from bot.speech.engine_client import EngineClient
from bot.speech.engines.select import open_engine
from bot.speech.scheduler import FairScheduler
from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.speech.engine_worker import EngineOpener

SENTENCE_SECONDS = 0.2
SENTENCES_EACH = 12  # for each worker of the largest pool
FIXED = (1, 2, 4, 8)
PIPER = ((1, 1), (1, 2), (2, 2))
"""Workers, and into how many shares the cores are divided, of which each worker has one."""

ROUNDS = 3
EIGHT = 7.5
"""How many times as many sentences as one eight workers of a fixed cost have to speak."""

TWO = 1.7
"""How many times as many sentences as one two workers have to speak, each with the same cores."""

_TEXT = "A sentence of some length, as members write it."


class FixedEngine:
    """Takes the same time for every sentence."""

    info = EngineInfo("piper", "fixed", "cpu", clones=False, reason="", load_seconds=0.0)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return speech after a while."""
        time.sleep(SENTENCE_SECONDS * len(batch))
        return [Speech((b"packet",), 2.0) for _ in batch]

    def close(self) -> None:
        """Nothing is left."""


def open_fixed(spec: EngineSpec) -> FixedEngine:
    """Return one; for the engine worker."""
    return FixedEngine()


@asynccontextmanager
async def workers(
    count: int, opener: EngineOpener, shares: int | None = None
) -> AsyncIterator[EnginePool]:
    """Open a pool of so many processes, all of them there."""
    clients = [
        EngineClient(
            Worker(
                "engine worker",
                WorkerLimits(call_seconds=60),
                partial(take_share, number, shares) if shares is not None else None,
                answers=ENGINE_ANSWERS,
                place=f"cpu {number}",
            ),
            EngineSpec(kind="piper"),
            open_engine=opener,
            name=f"cpu {number}",
        )
        for number in range(count)
    ]
    pool = EnginePool(clients)
    try:
        await asyncio.gather(*(client.start() for client in clients))
        yield pool
    finally:
        await pool.close()


async def sentences_a_second(pool: EnginePool, sentences: int) -> float:
    """Return the rate at which so many servers get a sentence each, through the fair queue."""
    scheduler = FairScheduler(
        pool,
        at_once=lambda: pool.slots,
        company_slows=lambda: pool.company_slows,
        withdraws=lambda: pool.withdraws,
    )
    request = SynthesisRequest(_TEXT, VoiceReference(Path("clip"), "0" * 64))
    ask = partial(scheduler.synthesize, request, due=lambda: 0.0)
    await asyncio.gather(*(ask(guild_id=number) for number in range(len(pool.devices))))
    start = time.perf_counter()
    await asyncio.gather(*(ask(guild_id=number) for number in range(sentences)))
    took = time.perf_counter() - start
    await scheduler.close()
    return sentences / took


async def run() -> dict[str, Any]:
    """Measure all, in turns."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    fixed, piper = dict.fromkeys(FIXED, 0.0), dict.fromkeys(PIPER, 0.0)
    for _ in range(ROUNDS):
        for count in FIXED:
            fixed[count] = max(fixed[count], await _rate(count, open_fixed))
        for (count, shares), rate in piper.items():
            piper[count, shares] = max(rate, await _rate(count, open_engine, shares))
    ratio = fixed[FIXED[-1]] / fixed[1]
    return {
        "sentence_seconds": SENTENCE_SECONDS,
        "fixed_sentences_a_second": {str(count): round(rate, 2) for count, rate in fixed.items()},
        "piper_sentences_a_second": {
            f"{count} of {shares} shares of the cores": round(rate, 2)
            for (count, shares), rate in piper.items()
        },
        "piper_two_to_one_with_all_cores": round(piper[2, 2] / piper[1, 1], 2),
        "piper_two_to_one_with_its_share": round(piper[2, 2] / piper[1, 2], 2),
        "goals": [
            _goal(f"{FIXED[-1]} workers of a fixed cost to one", ratio, EIGHT),
            _goal("two of piper to one with as many cores", piper[2, 2] / piper[1, 2], TWO),
        ],
    }


def _goal(name: str, measured: float, limit: float) -> dict[str, Any]:
    return {
        "name": f"{name}, times the sentences",
        "measured": round(measured, 2),
        "limit": limit,
        "met": measured >= limit,
    }


async def _rate(count: int, opener: EngineOpener, shares: int | None = None) -> float:
    async with workers(count, opener, shares) as pool:
        return await sentences_a_second(pool, SENTENCES_EACH * count)


def lines(result: dict[str, Any]) -> list[str]:
    """Return what is printed."""
    told = [
        f"{count} workers of a fixed cost: {rate} sentences/s"
        for count, rate in result["fixed_sentences_a_second"].items()
    ]
    told += [
        f"piper, {which}: {rate} sentences/s"
        for which, rate in result["piper_sentences_a_second"].items()
    ]
    return [
        *told,
        f"two of piper to one with all cores: {result['piper_two_to_one_with_all_cores']} times, "
        f"to one with its share: {result['piper_two_to_one_with_its_share']} times",
    ]
