"""Several bot processes ask one engine in simulated time: what each of their servers gets of it."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.pool.deadline_queue import DeadlineQueue, Entry
from bot.speech.engine import SHARED_ROUNDS, sentences_at_once
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from tests.overload.crowd import jain
from tests.pool.simulated import INFO, SimulatedMember, simulate

COST_SECONDS = 0.5
SENTENCE_SECONDS = 2.0
WAY_SECONDS = 0.05
"""From a bot to the engine, and back."""

SECONDS = 200.0
SPEECH = Speech((b"p",) * 100, SENTENCE_SECONDS)


class SharedEngine:
    """An actor: takes what all bots sent by `DeadlineQueue`."""

    def __init__(self, slots: int, cost: float = COST_SECONDS) -> None:
        self.slots, self.made, self._cost = slots, 0, cost
        self._queue = DeadlineQueue()
        self._tickets = itertools.count()
        self._ends: dict[int, asyncio.Future[None]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        (request,) = batch
        loop = asyncio.get_running_loop()
        await asyncio.sleep(WAY_SECONDS)
        ticket = next(self._tickets)
        due = loop.time() + request.due_seconds
        self._queue.add(Entry(ticket, request.guild_id, due, request.rank))
        self._ends[ticket] = loop.create_future()
        self._take_turns()
        try:
            await self._ends[ticket]
        finally:
            self._give_back(ticket)
            self._queue.remove(ticket)
            self._take_turns()
        self.made += 1
        await asyncio.sleep(WAY_SECONDS)
        return [SPEECH]

    @property
    def sentences(self) -> int:
        """How many it has."""
        return len(self._queue)

    def _take_turns(self) -> None:
        turns = self._queue.turns(self.slots)
        for ticket in turns.give_back:
            self._give_back(ticket)
        for ticket in turns.begin:
            end = self._ends[ticket]
            loop = asyncio.get_running_loop()
            self._timers[ticket] = loop.call_later(self._cost, end.set_result, None)
        if turns.give_back:
            self._take_turns()

    def _give_back(self, ticket: int) -> None:
        if timer := self._timers.pop(ticket, None):
            timer.cancel()


@dataclass
class Bot:
    """A process with servers, each of which speaks without a pause, as far as it is let."""

    engine: SharedEngine
    servers: Sequence[int]
    made: Counter[int]

    async def run(self) -> None:
        at_once = SHARED_ROUNDS * self.engine.slots
        scheduler = FairScheduler(self.engine, at_once=lambda: at_once)
        speaking = [
            asyncio.create_task(speak_without_a_pause(scheduler, each, self.made))
            for each in self.servers
        ]
        await asyncio.sleep(SECONDS)
        await scheduler.close()
        await asyncio.gather(*speaking, return_exceptions=True)


async def speak_without_a_pause(scheduler: FairScheduler, server: int, made: Counter[int]) -> None:
    """Ask for the next sentence of a server when the one before is made; count them."""
    loop = asyncio.get_running_loop()
    request = SynthesisRequest("A sentence.", VoiceReference(Path("unused"), ""))
    audible_until = 0.0

    def due() -> float:
        return max(loop.time(), audible_until)

    while True:
        await scheduler.synthesize(request, guild_id=server, due=due)
        audible_until = due() + SENTENCE_SECONDS
        made[server] += 1


def shares(slots: int, *bots: int) -> list[int]:
    """Return how many sentences each server got; bots: how many servers each has."""

    async def together() -> list[int]:
        engine, made, numbers = SharedEngine(slots), Counter[int](), itertools.count(1)
        running = [Bot(engine, list(itertools.islice(numbers, each)), made) for each in bots]
        await asyncio.gather(*(bot.run() for bot in running))
        return [made[server] for server in range(1, sum(bots) + 1)]

    return simulate(together)


@pytest.mark.parametrize("slots", [1, 2, 8])
@pytest.mark.parametrize("bots", [(40, 8, 8, 8), (39, 1)])
def test_a_server_gets_as_much_whether_its_bot_has_many_others_or_few(
    slots: int, bots: tuple[int, ...]
) -> None:
    made = shares(slots, *bots)
    assert jain(made) > 0.98
    assert min(made) > 0


@pytest.mark.parametrize(("members", "sentences"), [(None, 8), (("one", "two"), 16)])
def test_an_engine_that_others_ask_too_is_asked_for_what_comes_next(
    members: tuple[str, ...] | None, sentences: int
) -> None:
    engine = SimulatedMember("cuda:0", slots=8)
    engine.info = dataclasses.replace(INFO, slots=8, members=members)
    assert sentences_at_once(engine) == sentences
