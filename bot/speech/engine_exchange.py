"""Sentences that are under way in the worker together, although it runs one call at a time.

A call hands over what is new and brings back what is done; the engine works on for the length of
the call, and keeps the rest for the next one. So a sentence joins the others within one call.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from bot.speech import engine_worker
from bot.speech.types import SynthesisRequest, SynthesisResult
from bot.workers import Worker

CALL_SECONDS = 0.05
"""How long a call works on before it looks for new requests. A call costs about a millisecond."""


class EngineExchange:
    """Requests of many callers, worked on together by one `ContinuousEngine`."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._tickets = itertools.count()
        self._new: list[tuple[int, SynthesisRequest]] = []
        self._awaited: dict[int, asyncio.Future[SynthesisResult]] = {}
        self._calling: asyncio.Task[None] | None = None

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order, when all are done.

        Raises what the worker raises when it loses the engine; then all callers' requests are lost.
        """
        loop = asyncio.get_running_loop()
        results = []
        for request in batch:
            ticket = next(self._tickets)
            self._new.append((ticket, request))
            self._awaited[ticket] = loop.create_future()
            results.append(self._awaited[ticket])
        if self._calling is None or self._calling.done():
            self._calling = asyncio.create_task(self._call(), name="engine-exchange")
        return list(await asyncio.gather(*results))

    async def _call(self) -> None:
        try:
            while self._awaited:
                new, self._new = self._new, []
                done = await self._worker.run(engine_worker.exchange, new, CALL_SECONDS)
                for ticket, result in done:
                    _settle(self._awaited.pop(ticket, None), result)
        except Exception as error:
            awaited, self._awaited, self._new = self._awaited, {}, []
            for future in awaited.values():
                if not future.done():
                    future.set_exception(error)


def _settle(future: asyncio.Future[SynthesisResult] | None, result: SynthesisResult) -> None:
    # A caller that was cancelled has cancelled its future.
    if future is not None and not future.done():
        future.set_result(result)
