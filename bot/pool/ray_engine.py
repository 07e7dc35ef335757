"""The engine that a Ray cluster is: its actors behind one `ContinuousEngine`, in the engine worker.

Not in the bot process, because Ray ends the process that it is in when the cluster's head is away
for a minute. The worker is then replaced as any other, with pauses that grow.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from bot.errors import EngineDeadError
from bot.pool.ray_cluster import RaySpec, connect
from bot.pool.ray_watch import ClusterWatch
from bot.pool.remote_pool import RemotePool
from bot.speech.engines.base import Samples
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult
from storage.types import ReferenceClip

T = TypeVar("T")

log = logging.getLogger(__name__)


def open_ray_engine(ray_spec: RaySpec, spec: EngineSpec) -> RayEngine:
    """Join the cluster and return when one of its engines can speak.

    To be bound to its first argument, as an `EngineOpener`. Raises `EngineDeadError`.
    """
    return RayEngine(connect(ray_spec), ray_spec, spec)


class RayEngine:
    """A `ContinuousEngine`, `PreparingEngine`, `ComparingEngine` and `RemoteEngines` of actors."""

    def __init__(self, ray: Any, ray_spec: RaySpec, spec: EngineSpec) -> None:
        """Wait for the first engine. Raises `EngineDeadError` where none will come by itself."""
        begun = time.monotonic()
        self._done: list[tuple[int, SynthesisResult]] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._pool = RemotePool(self._take_in)
        self._watch = ClusterWatch(ray, ray_spec, spec, self._pool)
        self._thread = threading.Thread(target=self._loop.run_forever, name="ray", daemon=True)
        self._thread.start()
        try:
            self._first = self._do(self._watch.first())
        except BaseException:
            self.close()
            raise
        self._load_seconds = time.monotonic() - begun
        self._asked = 0  # sentences that were submitted and neither done nor given up
        self._loop.call_soon_threadsafe(self._watch.begin)

    @property
    def info(self) -> EngineInfo:
        """What the engines are together, as things stand.

        Raises `EngineDeadError` when nothing can be spoken any more by itself.
        """
        if self._watch.away:
            raise EngineDeadError(self._watch.away)
        members = self._pool.readings()
        return dataclasses.replace(
            self._first,
            slots=max(1, sum(each.reading.slots for each in members if each.reading.ready)),
            load_seconds=self._load_seconds,
            members=members,
        )

    @property
    def busy(self) -> bool:
        """Whether sentences are under way."""
        return bool(self._asked)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take on a request; see `ContinuousEngine`."""
        self._asked += 1
        self._loop.call_soon_threadsafe(self._pool.submit, ticket, request)

    def withdraw(self, ticket: int) -> None:
        """Give up a request, also in the actor that has it; see `ContinuousEngine`."""
        with self._changed:
            self._done = [each for each in self._done if each[0] != ticket]
        self._asked = max(0, self._asked - 1)
        self._loop.call_soon_threadsafe(self._pool.withdraw, ticket)

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Wait until something is done, for so many seconds; see `ContinuousEngine`."""
        with self._changed:
            self._changed.wait_for(self._is_something, seconds)
            if self._watch.away:
                raise EngineDeadError(self._watch.away)
            done, self._done = self._done, []
        self._asked = max(0, self._asked - len(done))
        return done

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Speak the requests together; see `SpeechEngine`. Nothing else may be under way."""
        for ticket, request in enumerate(batch):
            self.submit(ticket, request)
        results: dict[int, SynthesisResult] = {}
        while len(results) < len(batch):
            results.update(self.advance(1.0))
        return [results[ticket] for ticket in range(len(batch))]

    def forget(self, clip_sha256: str) -> None:
        """Return when no engine of the cluster has anything of a clip; see `PreparingEngine`."""
        self._loop.call_soon_threadsafe(self._pool.forget, clip_sha256)
        self._do(self._watch.forget(clip_sha256))

    def speak_at(self, name: str, request: SynthesisRequest) -> tuple[EngineInfo, SynthesisResult]:
        """Have one actor speak; see `RemoteEngines`."""
        return self._do(self._watch.speak_at(name, request))

    def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return the direction in which a clip's speaker lies; see `ComparingEngine`."""
        return self._do(self._watch.embedding(clip))

    def close(self) -> None:
        """Leave the cluster; its actors stay."""
        self._do(self._watch.close())
        self._do(self._pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _is_something(self) -> bool:
        return bool(self._done or not self._asked or self._watch.away)

    def _take_in(self, ticket: int, result: SynthesisResult) -> None:
        with self._changed:
            self._done.append((ticket, result))
            self._changed.notify()
