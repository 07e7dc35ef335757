"""The bot's side of the engine worker: loads the engine, and brings it back when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import structlog

from bot.errors import EngineDeadError, EngineError
from bot.speech import engine_worker
from bot.speech.engine_exchange import EngineExchange
from bot.speech.engine_worker import EngineNotLoadedError, EngineOpener
from bot.speech.engines.select import choose
from bot.speech.engines.select import open_engine as open_chosen_engine
from bot.speech.load_progress import LoadProgress, Milestones, OnProgress, watching
from bot.speech.types import EngineInfo, EngineKind, EngineSpec, SynthesisRequest, SynthesisResult
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError

log = structlog.get_logger(__name__)

LOAD_SECONDS = 3600.0
"""A first load may have gigabytes to download."""

FREE_RESTARTS = 3
"""Failures in a row after which restarts are spaced out, twice as far each time."""

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0


class EngineClient:
    """An engine in a worker of its own.

    load_seconds: bound of loading, which downloads a model the first time.
    sentence_seconds: bound of one sentence among others; the worker's own is the last resort.
    open_engine: a module-level function that the worker loads the engine with.
    clock: seconds, monotonic.
    """

    def __init__(
        self,
        worker: Worker,
        spec: EngineSpec,
        *,
        load_seconds: float = LOAD_SECONDS,
        sentence_seconds: float = math.inf,
        open_engine: EngineOpener = open_chosen_engine,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worker = worker
        self._exchange = EngineExchange(worker, sentence_seconds, clock)
        self._spec = spec
        self._load_seconds = load_seconds
        self._open_engine = open_engine
        self._clock = clock
        self._loading = asyncio.Lock()
        self._generation = 0  # counts loads, so that one death is noticed once
        self._failures = 0  # in a row, of loads and of sentences
        self._last_failure = ""
        self._retrying = 0  # sentences whose engine died
        self._not_before = 0.0
        self._ready = self._closed = False
        self._info: EngineInfo | None = None
        self._kind: EngineKind | None = None  # before the first load

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded last, or None before the first load."""
        return self._info

    @property
    def kind(self) -> EngineKind | None:
        """The kind of engine that is loaded or will be; None where it cannot be told."""
        if self._info is not None:
            return self._info.kind
        if self._kind is None:
            with contextlib.suppress(EngineDeadError):  # `start` tells it
                self._kind = choose(self._spec)[0]
        return self._kind

    @property
    def ready(self) -> bool:
        """Whether the engine is loaded; False before, while it loads, and after it died."""
        return self._ready

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """Load the engine unless it is loaded, and return what it is.

        on_progress: called now and then while this call downloads a model; the log is told, too.

        Raises `EngineDeadError` with the reason when it cannot be loaded, at once while restarts
        are spaced out.
        """
        async with self._loading:
            if self._closed:
                raise EngineDeadError("The voice engine is shut down.")
            if self._info is None or not self._ready:
                self._info = await self._load(on_progress)
                self._generation += 1
                self._ready = True
            return self._info

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence.

        Loads the engine if needed. A batch during which the engine died is tried once more.

        Raises `EngineError` when it died again, `EngineDeadError` when it cannot be loaded,
        `BusyError` when too many calls wait.
        """
        try:
            return await self._speak(batch)
        except (WorkerDiedError, WorkerTimeoutError):
            pass
        # Alone, so that it is the sentence that caused the death that fails.
        self._retrying += 1
        try:
            return await self._speak(batch)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            raise EngineError(f"This text could not be spoken: {error} Try other words.") from error
        finally:
            self._retrying -= 1

    async def _speak(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        # Bounded: each turn costs a load, and `start` refuses when loads do not help.
        while True:
            await self.start()
            generation = self._generation
            try:
                results = await self._call(batch)
            except EngineNotLoadedError:
                if generation == self._generation:
                    self._ready = False
            except (WorkerDiedError, WorkerTimeoutError) as error:
                self._lose(generation, str(error))
                raise
            else:
                self._failures = 0
                return results

    async def _call(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        several = self._info is not None and self._info.slots > 1
        if several and not self._retrying:
            return await self._exchange.synthesize(batch)
        # While a sentence is tried again, whoever comes takes a turn, too, and shares nothing.
        await self._exchange.drained()
        return await self._worker.run(engine_worker.synthesize, tuple(batch))

    async def close(self) -> None:
        """End the worker; a sentence in flight ends with it."""
        self._ready, self._closed = False, True
        await self._worker.close()

    async def _load(self, on_progress: OnProgress | None) -> EngineInfo:
        wait = self._not_before - self._clock()
        if wait > 0:
            raise EngineDeadError(
                f"The voice engine is out of order; the next try is in {wait:.0f} s. "
                f"{self._last_failure}"
            )
        try:
            async with watching(_logged(on_progress)) as progress_file:
                info = await self._worker.run_within(
                    self._load_seconds,
                    engine_worker.load,
                    self._open_engine,
                    dataclasses.replace(self._spec, progress_file=progress_file),
                )
        except (WorkerDiedError, WorkerTimeoutError, EngineDeadError) as error:
            self._note_failure(str(error))
            raise EngineDeadError(f"The voice engine could not be loaded. {error}") from error
        log.info(
            "engine loaded",
            stage="engine",
            kind=info.kind,
            model=info.model,
            device=info.device,
            reason=info.reason,
            seconds=round(info.load_seconds, 2),
        )
        return info

    def _lose(self, generation: int, reason: str) -> None:
        # Several calls may see the same death; a later load is not theirs to undo.
        if generation == self._generation and self._ready:
            self._ready = False
            self._note_failure(reason)

    def _note_failure(self, reason: str) -> None:
        self._failures += 1
        self._last_failure = reason
        log.error("engine failed", stage="engine", reason=reason, failures=self._failures)
        beyond = self._failures - FREE_RESTARTS
        if beyond > 0:
            pause = min(FIRST_PAUSE_SECONDS * 2 ** min(beyond - 1, 30), LONGEST_PAUSE_SECONDS)
            self._not_before = self._clock() + pause


def _logged(on_progress: OnProgress | None) -> OnProgress:
    milestones = Milestones()

    def tell(progress: LoadProgress) -> None:
        if milestones.reached(progress):
            log.info(
                "downloading the model",
                stage="engine",
                model=progress.model,
                done_mb=round(progress.done_bytes / 1e6),
                total_mb=round(progress.total_bytes / 1e6),
            )
        if on_progress is not None:
            on_progress(progress)

    return tell
