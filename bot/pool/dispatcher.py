"""Who speaks a sentence, and what becomes of one whose engine was lost: the rule of every pool."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.errors import EngineDeadError, EngineError
from bot.pool.placement import Cost, choose
from bot.pool.replica import Replica
from bot.speech.engine_client import lost_again
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.refusals import RECORDING_GONE
from bot.speech.types import SynthesisRequest, SynthesisResult
from bot.text.sentences import letters
from bot.workers import WorkerDiedError, WorkerTimeoutError

MAX_BEGINNINGS = 20
"""Engines that a sentence is given to and that are gone before they begin with it."""


@dataclass(eq=False)
class _Sentence:
    """A request under way.

    asked: when it came, in seconds of the event loop's clock. losses: engines that were lost over
    it. unwanted: its voice is gone.
    """

    request: SynthesisRequest
    cost: Cost
    asked: float
    losses: int = 0
    unwanted: bool = False

    def as_it_stands(self) -> SynthesisRequest:
        """Return the request, after it waited for an engine or was with one that is lost."""
        waited = asyncio.get_running_loop().time() - self.asked
        return dataclasses.replace(self.request, due_seconds=self.request.due_seconds - waited)


class Dispatcher:
    """Gives each sentence to the engine that is expected to be done with it first.

    When an engine is lost, its sentences go to others at once. One that was lost with two engines
    is tried alone, so that it harms nobody if it is the cause; when that engine is lost, too, it
    fails. A sentence that had its engine to itself both times fails after the second.

    replicas: the pool's own list, which may change. until_fit: waits until one of them can speak,
    raises `EngineDeadError` where none will. on_free: called when one that was reserved takes
    sentences again; must not block or fail.
    """

    def __init__(
        self,
        replicas: Sequence[Replica],
        until_fit: Callable[[], Awaitable[None]],
        on_free: Callable[[], None] = lambda: None,
    ) -> None:
        self._replicas, self._until_fit, self._on_free = replicas, until_fit, on_free
        self._sentences: set[_Sentence] = set()
        self._alone = asyncio.Lock()  # held by a sentence that has an engine to itself

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        """Return the sentence, from whichever engine.

        Raises `EngineError` where it was given up, and what `until_fit` raises.
        """
        takes = request.settings.takes or 1
        cost = Cost(letters(request.text), request.voice.clip_sha256, takes)
        sentence = _Sentence(request, cost, asyncio.get_running_loop().time())
        self._sentences.add(sentence)
        try:
            for _ in range(MAX_BEGINNINGS):
                result = await self._tried(sentence)
                if result is not None:
                    return result
        finally:
            self._sentences.discard(sentence)
        raise EngineDeadError("The voice engines were lost again and again. Look at the log.")

    def forget(self, clip_sha256: str) -> None:
        """Move nothing that is spoken with a clip to another engine, which would prepare it."""
        for sentence in self._sentences:
            if sentence.cost.voice == clip_sha256:
                sentence.unwanted = True
        for replica in self._replicas:
            replica.forget(clip_sha256)

    async def _tried(self, sentence: _Sentence) -> SynthesisResult | None:
        """Have a sentence spoken; None where it has to be tried again.

        Raises `EngineError` where it must not be tried again.
        """
        alone = sentence.losses > 1 or (sentence.losses == 1 and len(self._replicas) == 1)
        if not alone:
            return await self._given(sentence, await self._replica_for(sentence.cost))
        async with self._alone:
            replica = await self._replica_for(sentence.cost)
            replica.reserved = True
            try:
                return await self._given(sentence, replica, alone=True)
            finally:
                replica.reserved = False
                self._on_free()

    async def _given(
        self, sentence: _Sentence, replica: Replica, *, alone: bool = False
    ) -> SynthesisResult | None:
        by_itself = alone or replica.takes_one
        if sentence.unwanted:
            # Nobody waits for it.
            raise EngineError(RECORDING_GONE)
        try:
            return await replica.speak(sentence.as_it_stands(), sentence.cost, alone=alone)
        except EngineNotLoadedError:
            return None
        except (WorkerDiedError, WorkerTimeoutError) as error:
            sentence.losses += 1
            if by_itself and sentence.losses > 1:
                raise lost_again() from error
            return None

    async def _replica_for(self, cost: Cost) -> Replica:
        """Return where a sentence goes. Raises `EngineDeadError` when there is nobody."""
        while True:
            fit = {replica.name: replica for replica in self._replicas if replica.fit}
            free = [replica.facts() for replica in fit.values()]
            chosen = choose(free, cost) or choose(
                [dataclasses.replace(facts, fit=True) for facts in free], cost
            )
            if chosen is not None:
                return fit[chosen.name]
            # Bounded: each turn costs a load, and loading refuses when it does not help.
            await self._until_fit()
