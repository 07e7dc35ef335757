"""Many servers before some cards, for some simulated minutes: who was heard when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.simulation.card import Card, CardCosts
from benchmarks.simulation.clock import SimulatedLoop
from benchmarks.simulation.fleet import pool_of
from benchmarks.simulation.load import Load
from benchmarks.simulation.server import Server, SimulatedPacer
from bot.speech.scheduler import FairScheduler
from bot.speech.types import PACKET_SECONDS

WARM_UP_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class Case:
    """So many servers before so many cards, for so many seconds after the warm-up."""

    servers: int
    cards: int
    seconds: float
    seed: int = 14
    load: Load = field(default_factory=Load)
    costs: CardCosts = field(default_factory=CardCosts)


def simulate(case: Case) -> dict[str, Any]:
    """Return what came of a case. Needs a thread without a running event loop."""
    started = time.process_time()
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        result = runner.run(_World(case).run())
    return result | {"processor_seconds": round(time.process_time() - started, 2)}


class _World:
    def __init__(self, case: Case) -> None:
        self._case = case

    async def run(self) -> dict[str, Any]:
        case = self._case
        self._cards = [Card(case.costs) for _ in range(case.cards)]
        pool = pool_of(self._cards)
        self._scheduler = FairScheduler(
            pool,
            at_once=lambda: pool.slots,
            company_slows=lambda: pool.company_slows,
            withdraws=lambda: pool.withdraws,
        )
        pacer = SimulatedPacer()
        self._servers = [
            Server(number, pacer, self._scheduler, case.load, case.seed)
            for number in range(1, case.servers + 1)
        ]
        busy = case.load.busy_servers(case.servers)
        talks = [
            asyncio.create_task(server.talk(busy=number < busy))
            for number, server in enumerate(self._servers)
        ]
        try:
            await asyncio.sleep(WARM_UP_SECONDS)
            before = [card.busy_seconds for card in self._cards]
            heard = [server.sink.speech for server in self._servers]
            counts = self._counts()
            waiting = await self._watch(case.seconds)
            spent = [card.busy_seconds - b for card, b in zip(self._cards, before, strict=True)]
            heard = [s.sink.speech - h for s, h in zip(self._servers, heard, strict=True)]
            counts = {name: n - counts[name] for name, n in self._counts().items()}
            return self._summary(busy, spent, heard, counts, waiting)
        finally:
            await _end(talks)
            for server in self._servers:
                server.stop()
            await asyncio.sleep(1.0)  # what was withdrawn ends meanwhile
            await self._scheduler.close()
            await pool.close()

    async def _watch(self, seconds: float) -> list[int]:
        """Let seconds pass; return how many sentences waited for their turn, once a second."""
        waiting = []
        for _ in range(round(seconds)):
            await asyncio.sleep(1.0)
            waiting.append(self._scheduler.waiting)
        return waiting

    def _counts(self) -> dict[str, int]:
        return {
            "asked": sum(server.heard.asked for server in self._servers),
            "refused": sum(server.heard.refused for server in self._servers),
            "prepared": sum(card.prepared for card in self._cards),
            "kept": sum(card.kept for card in self._cards),
            "silence": sum(server.sink.silence for server in self._servers),
        }

    def _summary(
        self,
        busy: int,
        spent: Sequence[float],
        heard: Sequence[int],
        counts: dict[str, int],
        waiting: Sequence[int],
    ) -> dict[str, Any]:
        case = self._case
        texts = [text for server in self._servers for text in server.heard.texts]
        texts = [text for text in texts if text.at >= WARM_UP_SECONDS]
        usual = [text for text in texts if text.facts.guild_id > busy]
        now = asyncio.get_running_loop().time()
        unheard = [s for server in self._servers[busy:] for s in server.heard.waited(now)]
        failed = sum(text.facts.end == "failed" for text in texts)
        speaking = sum(heard) * PACKET_SECONDS / case.seconds
        return {
            "servers": case.servers,
            "cards": case.cards,
            "simulated_seconds": case.seconds,
            "texts": counts["asked"],
            "refused_share": round((counts["refused"] + failed) / max(1, counts["asked"]), 4),
            "speaking_at_a_time": round(speaking, 1),
            # Who still waits at the end counts with the wait so far, or an overload looked quick.
            "first_sound_seconds": _quantiles(
                [*unheard, *(text.facts.first_packet for text in usual if text.opening)]
            ),
            "busy_first_sound_seconds": _quantiles(
                text.facts.first_packet for text in texts if text.facts.guild_id <= busy
            ),
            "utilisation": round(sum(spent) / len(spent) / case.seconds, 3),
            "least_utilisation": round(min(spent) / case.seconds, 3),
            "jain_of_busy_servers": round(jain([float(n) for n in heard[:busy]]), 4),
            "voice_hits": round(counts["kept"] / max(1, counts["kept"] + counts["prepared"]), 3),
            "waiting_p95": int(np.percentile(waiting, 95)) if waiting else 0,
        }


def _quantiles(values: Iterable[float | None]) -> dict[str, float] | None:
    there = [value for value in values if value is not None]
    if not there:
        return None
    p50, p95 = np.percentile(there, [50, 95])
    return {"texts": len(there), "p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 where all have the same, 1/n where one has all.

    Source: Jain, Chiu and Hawe, A Quantitative Measure of Fairness and Discrimination, 1984.
    """
    squares = len(shares) * sum(share * share for share in shares)
    return sum(shares) ** 2 / squares if squares else 1.0


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
