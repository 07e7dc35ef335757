"""An engine on another machine, as the bot process shows it: an `EngineDevice`."""

from __future__ import annotations

import dataclasses

from bot.condition import Condition
from bot.operations.vitals import DeviceReading
from bot.speech import engine_worker
from bot.speech.load_progress import OnProgress
from bot.speech.types import EngineInfo, RemoteEngine, SynthesisRequest, SynthesisResult
from bot.workers import Worker

COMING = "waits for its process, a free GPU, or its model"
"""What one does that does not answer, or has loaded nothing."""


class RemoteDevice:
    """What the worker that asks it told of it last.

    reached: whether that worker is there still; what it told is old where it is not.
    """

    def __init__(self, worker: Worker, engine: RemoteEngine, *, reached: bool) -> None:
        self._worker, self._engine, self._reached = worker, engine, reached
        self.name = engine.reading.name

    def condition(self) -> Condition:
        """Return how it is; see `EngineDevice`."""
        reading, fault = self.reading(), self._engine.fault
        where = f"on {reading.machine}" if reading.machine else ""
        if reading.ready:
            return Condition("ok", where)
        if fault:
            return Condition("failing", fault, last_error=fault)
        told = COMING if self._reached else "is not known, while the cluster cannot be asked"
        return Condition("starting", f"It {told}.")

    def reading(self) -> DeviceReading:
        """Return how it stands; see `EngineDevice`."""
        reading = self._engine.reading
        return dataclasses.replace(reading, ready=reading.ready and self._reached)

    async def probe(
        self, request: SynthesisRequest, on_progress: OnProgress | None = None
    ) -> tuple[EngineInfo, SynthesisResult]:
        """Have it speak; see `EngineDevice`. It loads by itself, so no progress is told."""
        del on_progress
        told = await self._worker.run(engine_worker.speak_at, self.name, request)
        members = (await self._worker.run(engine_worker.look)).members or ()
        # Before it was ready, its machine was not known.
        found = (engine for engine in members if engine.reading.name == self.name)
        self._engine = next(found, self._engine)
        return told
