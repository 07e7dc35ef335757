"""A text as the bot has it spoken: its sentences ahead, through the scheduler, into one engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any
from unittest import mock

from benchmarks.chatterbox.material import Spoken, endless, require_seconds, tokens_of
from bot.speech import engine_worker
from bot.speech.engine_exchange import EngineExchange
from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import Speech, SynthesisRequest, VoiceReference, VoiceSettings
from bot.text.plan import TextLimits

GUILD = 1
AHEAD_SECONDS = 30.0


class InThisProcess:
    """As much of a `Worker` as the exchange uses; it runs calls in a thread."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of `bot.speech.engine_worker`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)


class Listener:
    """Notes what comes when, and says when the audio runs out, as a voice channel would."""

    def __init__(self) -> None:
        self.speeches: list[Speech] = []
        self.start = time.perf_counter()
        self.first = self.last = 0.0

    def hear(self, speech: Speech) -> None:
        """Take a sentence."""
        self.last = time.perf_counter() - self.start
        self.first = self.first or self.last
        self.speeches.append(speech)

    def due(self) -> float:
        """When the next sentence is needed, on the event loop's clock."""
        now = asyncio.get_running_loop().time()
        if not self.speeches:
            return now
        played = time.perf_counter() - self.start - self.first
        return now + max(0.0, sum(speech.seconds for speech in self.speeches) - played)


def speak_as_bot(engine: ChatterboxEngine, voice: VoiceReference, text: str) -> Spoken:
    """Speak `text` in a known voice, each sentence as long as a reader would need."""
    model: Any = engine._model
    # Random weights cannot tell lengths apart, and sentences are decoded together.
    limit = mock.patch.object(engine._speaker, "_token_limit", lambda request: tokens(request))
    head = engine._speaker._decoder._head  # type: ignore[union-attr]
    with limit, endless(model.t3, head), ThreadPoolExecutor(1, "engine") as pool:
        engine_worker._loaded[:] = [engine]
        try:
            listener, pieces = asyncio.run(_speak(engine, voice, text, pool))
        finally:
            engine_worker._loaded.clear()
    seconds = sum(speech.seconds for speech in listener.speeches)
    require_seconds(seconds, sum(map(tokens_of, pieces)))
    return Spoken(listener.first, listener.last, seconds, _spent(listener.speeches))


def tokens(request: SynthesisRequest) -> int:
    """Return how many tokens the sentence of a request gets."""
    return tokens_of(request.text)


async def _speak(
    engine: ChatterboxEngine, voice: VoiceReference, text: str, pool: ThreadPoolExecutor
) -> tuple[Listener, tuple[str, ...]]:
    worker: Any = InThisProcess(pool)
    scheduler = FairScheduler(
        EngineExchange(worker),
        at_once=lambda: engine.info.slots,
        company_slows=lambda: engine.info.company_slows,
    )
    utterance = Utterance(text, voice, guild_id=GUILD, settings=VoiceSettings(seed=0))
    listener = Listener()
    service = SpeechService(scheduler.lane(GUILD, listener.due, AHEAD_SECONDS), TextLimits())
    async with aclosing(service.speak(utterance)) as speeches:
        async for speech in speeches:
            listener.hear(speech)
    await scheduler.close()
    return listener, service.plan(text)


def _spent(speeches: Iterable[Speech]) -> dict[str, float]:
    """Return the seconds of each stage over all sentences; those that overlap count twice."""
    spent: dict[str, float] = {}
    for speech in speeches:
        for stage, seconds in speech.timings.items():
            spent[stage] = round(spent.get(stage, 0.0) + seconds, 3)
    return spent
