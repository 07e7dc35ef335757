"""Five guilds speak while both workers are killed again and again, at random moments.

    python -m tests.e2e.killing [--kills 100] [--seed N]

Prints what became of every text as JSON. The engine is the tests' own: it speaks at once, so that
a hundred deaths take seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.errors import MynahError
from bot.speech.desk import SpeechDesk
from bot.speech.engine_client import EngineClient
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechLimits, Utterance
from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from bot.workers import Worker, WorkerLimits

GUILDS = 5
SENTENCES = 3


class EchoEngine:
    """Says a text in one packet, which is the text."""

    info = EngineInfo("piper", "echo", "cpu", clones=False, reason="test", load_seconds=0.0)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        return [Speech((request.text.encode(),), 0.02) for request in batch]

    def close(self) -> None:
        pass


def open_echo(_spec: EngineSpec) -> EchoEngine:
    return EchoEngine()


class Members:
    """Has texts said, one after the other in each guild, and notes what became of each."""

    def __init__(self, desk: SpeechDesk) -> None:
        self._desk = desk
        self.outcomes: Counter[str] = Counter()
        self.in_disorder: list[str] = []

    async def speak(self, guild: int, done: asyncio.Event) -> None:
        number = 0
        while not done.is_set():
            number += 1
            self.outcomes[await self.say(guild, f"guild {guild} text {number}")] += 1

    async def say(self, guild: int, name: str) -> str:
        """Have a text said and return what became of it."""
        text = " ".join(f"This is part {part} of {name}." for part in range(SENTENCES))
        utterance = Utterance(text, VoiceReference(Path("unused"), ""), guild_id=guild)
        wanted, heard = self._desk.plan(text), list[str]()
        told = ""
        try:
            async with contextlib.aclosing(self._desk.speak(utterance, lambda: 0.0)) as speeches:
                async for speech in speeches:
                    heard += [packet.decode() for packet in speech.packets]
        except MynahError as error:
            told = str(error)
        if heard != list(wanted[: len(heard)]):  # a sentence twice, or out of turn
            self.in_disorder.append(f"{name}: {heard}")
        if len(heard) == len(wanted):
            return "spoken"
        return "told" if told else "lost"

    async def use_media(self, media: Worker, done: asyncio.Event) -> None:
        """Ask the media worker for something, over and over."""
        while not done.is_set():
            try:
                assert await media.run(divmod, 7, 2) == (3, 1)
                self.outcomes["processed"] += 1
            except MynahError:
                self.outcomes["upload told"] += 1
            await asyncio.sleep(0.05)


async def kill_again_and_again(
    workers: Sequence[Worker], kills: int, chance: random.Random
) -> None:
    """Kill while they start, load, speak or rest."""
    for _ in range(kills):
        worker = chance.choice(workers)
        async with asyncio.timeout(60):
            while worker.pid is None:
                await asyncio.sleep(0.005)
        os.kill(worker.pid, signal.SIGKILL)
        await asyncio.sleep(chance.uniform(0, 0.4))


async def kill_while_speaking(kills: int, seed: int) -> dict[str, object]:
    """Return what became of all texts, as the JSON that is printed."""
    limits = WorkerLimits(call_seconds=60, waiting=64)
    engine_worker, media = Worker("engine worker", limits), Worker("media worker", limits)
    engine = EngineClient(engine_worker, EngineSpec(), open_engine=open_echo)
    scheduler = FairScheduler(engine)
    members = Members(SpeechDesk(scheduler, SpeechLimits(), media))
    done = asyncio.Event()
    try:
        await asyncio.gather(engine.start(), media.run(os.getpid))
        async with asyncio.TaskGroup() as busy:
            for guild in range(1, GUILDS + 1):
                busy.create_task(members.speak(guild, done))
            busy.create_task(members.use_media(media, done))
            await kill_again_and_again((engine_worker, media), kills, random.Random(seed))
            done.set()
        return {
            "outcomes": dict(members.outcomes),
            "in disorder": members.in_disorder,
            "last": await last_text(members, engine),
        }
    finally:
        await scheduler.close()
        await engine.close()
        await media.close()


async def last_text(members: Members, engine: EngineClient) -> str:
    """Return how a text ends that is said once nobody kills any more and the engine is back."""
    async with asyncio.timeout(60):
        while not engine.ready:
            await asyncio.sleep(0.05)
    return await members.say(1, "the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.getLogger().setLevel(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        print(json.dumps(asyncio.run(kill_while_speaking(options.kills, options.seed))))


if __name__ == "__main__":
    main()
