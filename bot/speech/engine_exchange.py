"""Sentences that are under way in the worker together, although it runs one call at a time.

A call hands over what is new and brings back what is done; the engine works on for the length of
the call, and keeps the rest for the next one. So a sentence joins the others within one call.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.errors import EngineError
from bot.i18n import Translatable
from bot.speech import engine_worker
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.types import SynthesisRequest, SynthesisResult
from bot.workers import Worker, WorkerDiedError

CALL_SECONDS = 0.05
"""How long a call works on before it looks for new requests. A call costs about a millisecond."""


@dataclass(slots=True)
class _Limit:
    """begun: when the engine got a sentence. company: the most that it had at once since then."""

    begun: float
    company: int = 1


class EngineExchange:
    """Requests of many callers, worked on together by one `ContinuousEngine`.

    sentence_seconds: how long the engine may work on one of them alone; with others as many times
    as long as there were sentences at the most. Where sentences are given up a second time and none
    was finished between, it hangs in a thread of its own, and is replaced. clock: seconds,
    monotonic.
    """

    def __init__(
        self,
        worker: Worker,
        sentence_seconds: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worker, self._sentence_seconds, self._clock = worker, sentence_seconds, clock
        self._tickets = itertools.count()
        self._new: dict[int, SynthesisRequest] = {}
        self._awaited: dict[int, asyncio.Future[SynthesisResult]] = {}
        self._limits: dict[int, _Limit] = {}  # of what the engine has
        self._fruitless = 0  # times that sentences were given up, since any was finished
        self._calling: asyncio.Task[None] | None = None

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order, when all are done.

        A sentence that takes too long is given up, and an `EngineError` stands in for it. What a
        cancelled caller asked for is given up, too.

        Raises what the worker raises when it loses the engine; then all callers' requests are lost.
        """
        loop = asyncio.get_running_loop()
        results = []
        for request in batch:
            ticket = next(self._tickets)
            self._new[ticket] = request
            self._awaited[ticket] = loop.create_future()
            results.append(self._awaited[ticket])
        if self._calling is None or self._calling.done():
            self._calling = asyncio.create_task(self._call(), name="engine-exchange")
        return list(await asyncio.gather(*results))

    async def drained(self) -> None:
        """Return when the engine has nothing left of what was asked for."""
        if self._calling is not None:
            await asyncio.wait([self._calling])

    async def _call(self) -> None:
        try:
            withdrawn = self._give_up()
            while self._awaited or withdrawn:
                new, self._new = self._new, {}
                done = await self._worker.run(
                    engine_worker.exchange, list(new.items()), withdrawn, CALL_SECONDS
                )
                # Only now: the call may have waited for its turn.
                now = self._clock()
                self._limits |= {ticket: _Limit(now) for ticket in new}
                for limit in self._limits.values():
                    limit.company = max(limit.company, len(self._limits))
                self._settle(done)
                self._fruitless = 0 if done else self._fruitless
                if self._fruitless and any(self._is_late(limit) for limit in self._limits.values()):
                    self._fruitless = 0
                    await self._worker.replace("finished nothing of late")
                    raise WorkerDiedError("The voice engine finished nothing of late.")
                withdrawn = self._give_up()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Let everything fail; what the engine had was lost with it, whatever the call says."""
        awaited, self._awaited = self._awaited, {}
        had, self._limits = self._limits, {}
        self._new = {}
        unnoticed = isinstance(error, EngineNotLoadedError)  # it died between two calls
        for ticket, future in awaited.items():
            if future.done():
                continue
            lost = unnoticed and ticket in had
            future.set_exception(WorkerDiedError("The engine worker was lost.") if lost else error)

    def _settle(self, done: Iterable[tuple[int, SynthesisResult]]) -> None:
        for ticket, result in done:
            self._limits.pop(ticket, None)
            future = self._awaited.pop(ticket, None)
            # A caller that was cancelled has cancelled its future.
            if future is not None and not future.done():
                future.set_result(result)

    def _give_up(self) -> list[int]:
        """Forget what nobody waits for and what took too long; return what the engine has of it."""
        late = [ticket for ticket, limit in self._limits.items() if self._is_late(limit)]
        self._fruitless += bool(late)
        for ticket in late:
            told = Translatable(
                "This sentence took over {seconds:g} s and was given up. Try a shorter one.",
                seconds=self._allowed(self._limits[ticket]),
            )
            self._settle([(ticket, EngineError(told))])
        left = [ticket for ticket, future in self._awaited.items() if future.done()]
        for ticket in left:
            del self._awaited[ticket]
        unseen = [ticket for ticket in left if self._new.pop(ticket, None) is not None]
        for ticket in left:
            self._limits.pop(ticket, None)
        return [*late, *(ticket for ticket in left if ticket not in unseen)]

    def _allowed(self, limit: _Limit) -> float:
        return limit.company * self._sentence_seconds

    def _is_late(self, limit: _Limit) -> bool:
        return self._clock() > limit.begun + self._allowed(limit)
