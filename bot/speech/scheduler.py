"""Whose sentence the engine takes next: the one whose guild runs out of audio first."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.errors import BusyError, EngineError
from bot.speech.service import Synthesizer
from bot.speech.types import SynthesisRequest, SynthesisResult

MAX_WAITING = 256

Due = Callable[[], float]
"""When a sentence is needed, in seconds of the event loop's clock, as things stand now."""


@dataclass(eq=False)
class _Entry:
    request: SynthesisRequest
    guild_id: int
    due: Due
    order: int
    result: asyncio.Future[SynthesisResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class FairScheduler:
    """Earliest deadline first, between guilds; first come, first served, within a guild.

    A guild that queues many texts has only its oldest sentence in the running, and that one is due
    when the guild's audio runs out, so another guild's first sentence, due at once, waits for no
    more than the batch in flight.

    max_batch: sentences handed over together. at_once: how many such batches may be in flight, as
    things stand; more than one for a synthesizer that takes on sentences while it works on others,
    and gives up those whose caller is cancelled.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        *,
        max_batch: int = 1,
        max_waiting: int = MAX_WAITING,
        at_once: Callable[[], int] = lambda: 1,
    ) -> None:
        self._synthesizer = synthesizer
        self._at_once = at_once
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[_Entry] = []
        self._order = itertools.count()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many sentences wait for their turn."""
        return len(self._waiting)

    def lane(self, guild_id: int, due: Due) -> Lane:
        """Return a synthesizer whose sentences take their turn for this guild."""
        return Lane(self, guild_id, due)

    async def synthesize(
        self, request: SynthesisRequest, *, guild_id: int, due: Due
    ) -> SynthesisResult:
        """Return what the synthesizer makes of `request` when its turn comes.

        A caller that is cancelled while it waits gives up its turn.

        Raises `BusyError` when too many sentences wait, `EngineError` after `close`, and what the
        synthesizer raises.
        """
        if self._closed:
            raise EngineError("The bot is shutting down. Try again in a few minutes.")
        if len(self._waiting) >= self._max_waiting:
            raise BusyError("Too many texts are waiting to be spoken. Try again in a minute.")
        entry = _Entry(request, guild_id, due, next(self._order))
        self._waiting.append(entry)
        asyncio.get_running_loop().call_soon(self._fill)
        try:
            return await entry.result
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    async def close(self) -> None:
        """Refuse what comes and what waits, and drop the batch in flight."""
        self._closed = True
        for entry in self._waiting:
            _fail([entry], EngineError("The bot is shutting down. Try again in a few minutes."))
        if self._in_flight:
            for task in self._in_flight:
                task.cancel()
            await asyncio.wait(self._in_flight)

    def _fill(self) -> None:
        """Hand over what is due first, as far as there is room."""
        while self._waiting and not self._closed and len(self._in_flight) < self._at_once():
            batch = self._next_batch()
            task = asyncio.create_task(self._work(batch), name="speech-scheduler")
            self._in_flight.add(task)
            task.add_done_callback(self._leave)
            self._end_unwanted(task, batch)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._fill()

    async def _work(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._run(batch)
        finally:
            _fail(batch, EngineError("The bot is shutting down. Try again in a few minutes."))

    def _next_batch(self) -> list[_Entry]:
        heads: dict[int, _Entry] = {}
        for entry in self._waiting:
            heads.setdefault(entry.guild_id, entry)
        # The heads by deadline; if there is room left, whoever else waits.
        first = sorted(heads.values(), key=lambda entry: (entry.due(), entry.order))
        others = [entry for entry in self._waiting if heads[entry.guild_id] is not entry]
        batch = [*first, *others][: self._max_batch]
        self._waiting = [entry for entry in self._waiting if entry not in batch]
        return batch

    def _end_unwanted(self, task: asyncio.Task[None], batch: Sequence[_Entry]) -> None:
        """Cancel the task when nobody waits for any of its batch any more: a skipped text.

        Not where it is alone in flight: such a synthesizer works on to the end, and whoever took
        the place would be chosen too early, before somebody who has to be heard sooner.
        """

        def look(_result: object) -> None:
            if self._at_once() > 1 and all(entry.result.cancelled() for entry in batch):
                task.cancel()

        for entry in batch:
            entry.result.add_done_callback(look)

    async def _run(self, batch: Sequence[_Entry]) -> None:
        try:
            results = await self._synthesizer.synthesize([entry.request for entry in batch])
        except EngineError as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for entry in batch:  # one of them broke the engine; the others are innocent
                await self._run([entry])
        except Exception as error:
            _fail(batch, error)
        else:
            for entry, result in zip(batch, results, strict=True):
                if not entry.result.done():
                    entry.result.set_result(result)


@dataclass(frozen=True, slots=True)
class Lane:
    """One guild's way into the scheduler; a `Synthesizer`."""

    scheduler: FairScheduler
    guild_id: int
    due: Due

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Synthesize one after another, each in its turn."""
        return [
            await self.scheduler.synthesize(request, guild_id=self.guild_id, due=self.due)
            for request in batch
        ]


def _fail(entries: Sequence[_Entry], error: Exception) -> None:
    for entry in entries:
        if not entry.result.done():
            entry.result.set_exception(error)
