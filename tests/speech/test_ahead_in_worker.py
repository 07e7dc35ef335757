"""Sentences ahead in a real engine worker: withdrawn, lost with it, tried once more."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.errors import EngineError
from bot.speech.engine_client import EngineClient
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import EngineSpec
from bot.text.plan import TextLimits
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.continuous_engine import open_continuous
from tests.speech.slot_engine import VOICE

SENTENCES = [f"This is said {'very ' * 30}well as number {word}." for word in ("one", "two", "six")]
TEXT = " ".join(SENTENCES)
LIMITS = TextLimits(first_sentence_characters=260)


class Spoken:
    """A text that is being spoken through the worker."""

    def __init__(self, scheduler: FairScheduler, text: str = TEXT, guild_id: int = 1) -> None:
        self.heard: list[str] = []
        self.seconds_heard = 0.0
        self._lane = scheduler.lane(guild_id, lambda: asyncio.get_running_loop().time())
        self._text = text
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        service = SpeechService(self._lane, LIMITS)
        async with aclosing(service.speak(Utterance(self._text, VOICE))) as speeches:
            async for speech in speeches:
                self.heard.append(speech.packets[0].decode())


@pytest.fixture
async def client() -> AsyncIterator[EngineClient]:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, EngineSpec(), open_engine=open_continuous, sentence_seconds=60)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
async def scheduler(client: EngineClient) -> AsyncIterator[FairScheduler]:
    scheduler = FairScheduler(client, at_once=lambda: client.info.slots)
    yield scheduler
    await scheduler.close()


async def handed_over(client: EngineClient, count: int) -> None:
    """Wait until the engine has so many sentences."""
    async with asyncio.timeout(30):
        while len(client._exchange._limits) != count:
            await asyncio.sleep(0.005)


async def test_the_sentences_of_a_text_are_worked_on_together(scheduler: FairScheduler) -> None:
    spoken = Spoken(scheduler)
    await spoken.task
    assert spoken.heard[0] == ",".join(SENTENCES)


async def test_a_skip_leaves_nothing_in_the_engine(
    client: EngineClient, scheduler: FairScheduler
) -> None:
    spoken = Spoken(scheduler)
    await handed_over(client, 3)
    spoken.task.cancel()
    await handed_over(client, 0)
    after = Spoken(scheduler, "This one is alone now.")
    await after.task
    assert after.heard == ["This one is alone now."]


async def test_a_lost_worker_has_each_sentence_tried_once_more_and_none_spoken_twice(
    client: EngineClient, scheduler: FairScheduler
) -> None:
    spoken = Spoken(scheduler)
    await handed_over(client, 3)
    assert client._worker.pid is not None
    os.kill(client._worker.pid, signal.SIGKILL)
    await spoken.task
    assert spoken.heard == ["alone"] * 3


async def test_a_sentence_that_ends_the_worker_each_time_fails_alone(
    scheduler: FairScheduler,
) -> None:
    other = Spoken(scheduler, "Somebody else says this now.", guild_id=2)
    crashing = Spoken(scheduler, "crash")
    with pytest.raises(EngineError, match="could not be spoken"):
        await crashing.task
    await other.task
    assert len(other.heard) == 1
