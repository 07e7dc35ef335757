"""A server that comes anew while others have much to say: what of theirs is made before its first
sound, by the order of events and not by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import fair_scheduler
from bot.speech.engine import Engine
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult
from storage.clip_directory import DirectoryClips

AUDIO_SECONDS = 10.0
"""That a server is taken to hear each sentence of a backlog: no next one is due sooner."""

NEWCOMER = 1_000


@dataclass
class Order:
    """Sentences of the others, by their numbers, as they were made.

    before: how many were made when the new server asked. by_then: when it had its first sound.
    """

    made: list[int] = field(default_factory=list)
    before: int = 0
    by_then: int = 0

    @property
    def share(self) -> float:
        """The share of what the others still waited for that was made while the new server did."""
        return (self.by_then - self.before) / (len(self.made) - self.before)


async def come_anew(
    engine: Engine, backlog: Sequence[SynthesisRequest], first: SynthesisRequest, servers: int = 1
) -> Order:
    """Have as many servers ask for a backlog, by turns, and another one for a sentence; return when
    each was made. All of it is made to the end, each sentence once.
    """
    scheduler, order = fair_scheduler(engine, DirectoryClips(Path("unused"))), Order()
    now = asyncio.get_running_loop().time
    begun, under_way = now(), asyncio.Event()

    async def ask(number: int, request: SynthesisRequest) -> None:
        place = number // servers
        lane = scheduler.lane(number % servers + 1, lambda: begun)
        spoken(await lane.synthesize(request, lambda: place * AUDIO_SECONDS, ahead=place > 0))
        order.made.append(number)
        if len(order.made) == engine.slots:
            under_way.set()

    try:
        async with asyncio.TaskGroup() as others:
            for number, request in enumerate(backlog):
                others.create_task(ask(number, request))
            await under_way.wait()
            order.before = len(order.made)
            spoken(await scheduler.lane(NEWCOMER, now).synthesize(first, first=True))
            order.by_then = len(order.made)
    finally:
        await scheduler.close()
    assert sorted(order.made) == list(range(len(backlog)))
    return order


def spoken(result: SynthesisResult) -> Speech:
    """Return speech that is some."""
    assert isinstance(result, Speech), result
    assert result.packets
    return result
