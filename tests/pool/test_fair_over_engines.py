"""Several bot processes ask two engines in simulated time: what each of their servers gets."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence

import pytest

from bot.pool.ray_watch import LOOK_SECONDS
from bot.pool.remote_pool import RemotePool
from bot.speech.engine import SHARED_ROUNDS
from bot.speech.scheduler import FairScheduler
from bot.speech.types import EngineInfo, SynthesisRequest, SynthesisResult
from tests.overload.crowd import jain
from tests.pool.simulated import INFO, simulate
from tests.pool.test_fair_between_bots import SharedEngine, speak_without_a_pause

ENGINES, SECONDS = 2, 60.0
SENTENCES_A_SECOND = 8
"""Of each engine, whatever its slots: half of what 64 servers want."""


class Seen:
    """An engine as a bot sees it: how much it has was asked a while ago."""

    node, fault, ready = "", "", True

    def __init__(self, number: int, engine: SharedEngine) -> None:
        self.name, self._engine, self.sentences = f"engine {number}", engine, 0
        self.info: EngineInfo | None = dataclasses.replace(INFO, slots=engine.slots)

    def look(self) -> None:
        self.sentences = self._engine.sentences

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        (result,) = await self._engine.synthesize([request])
        return result


class SeveralEngines:
    """What a bot's scheduler asks: the pool of its engine worker."""

    def __init__(self, engines: Sequence[SharedEngine]) -> None:
        self._seen = [Seen(number, engine) for number, engine in enumerate(engines)]
        self._pool = RemotePool(self._end, clock=asyncio.get_running_loop().time)
        for seen in self._seen:
            self._pool.add(seen)
        self._tickets = itertools.count()
        self._results: dict[int, asyncio.Future[SynthesisResult]] = {}

    async def look(self) -> None:
        while True:
            for seen in self._seen:
                seen.look()
            self._pool.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        (request,) = batch
        ticket = next(self._tickets)
        self._results[ticket] = asyncio.get_running_loop().create_future()
        self._pool.submit(ticket, request)
        try:
            return [await self._results[ticket]]
        finally:
            self._pool.withdraw(ticket)
            del self._results[ticket]

    def _end(self, ticket: int, result: SynthesisResult) -> None:
        self._results[ticket].set_result(result)


async def bot(engines: Sequence[SharedEngine], servers: Sequence[int], made: Counter[int]) -> None:
    several = SeveralEngines(engines)
    looking = asyncio.create_task(several.look())
    at_once = SHARED_ROUNDS * sum(engine.slots for engine in engines)
    scheduler = FairScheduler(several, at_once=lambda: at_once)
    speaking = [
        asyncio.create_task(speak_without_a_pause(scheduler, each, made)) for each in servers
    ]
    await asyncio.sleep(SECONDS)
    looking.cancel()
    await scheduler.close()
    await asyncio.gather(looking, *speaking, return_exceptions=True)


def shares(slots: int, *bots: int) -> tuple[list[int], list[int]]:
    """Return how many sentences each server got, and each engine made."""

    async def together() -> tuple[list[int], list[int]]:
        cost = slots / SENTENCES_A_SECOND
        engines = [SharedEngine(slots, cost) for _ in range(ENGINES)]
        made, numbers = Counter[int](), itertools.count(1)
        own = [list(itertools.islice(numbers, each)) for each in bots]
        await asyncio.gather(*(bot(engines, each, made) for each in own))
        servers = range(1, sum(bots) + 1)
        return [made[server] for server in servers], [engine.made for engine in engines]

    return simulate(together)


@pytest.mark.parametrize("slots", [1, 4, 8])
@pytest.mark.parametrize("bots", [(40, 8, 8, 8), (16, 16, 16, 16), (60, 1, 1)])
def test_a_server_gets_as_much_of_several_engines_whatever_its_bot(
    slots: int, bots: tuple[int, ...]
) -> None:
    made, _ = shares(slots, *bots)
    assert jain(made) > 0.98


def test_bots_with_little_to_say_do_not_all_go_to_the_same_engine() -> None:
    _, by_engine = shares(4, *[1] * 6)
    assert min(by_engine) > sum(by_engine) / 4
