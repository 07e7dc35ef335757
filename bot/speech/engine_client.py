"""The bot's side of the engine worker: loads the engine, and brings it back when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import structlog

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.confinement import in_words
from bot.errors import EngineDeadError, EngineError, MynahError
from bot.i18n import Translatable
from bot.speech import engine_worker
from bot.speech.analysis import RecordingAnalysis
from bot.speech.clip_needs import clip_need, clip_need_of
from bot.speech.engine_exchange import EngineExchange
from bot.speech.engine_worker import EngineNotLoadedError, EngineOpener
from bot.speech.engines.select import choose
from bot.speech.engines.select import open_engine as open_chosen_engine
from bot.speech.load_progress import LoadProgress, Milestones, OnProgress, watching
from bot.speech.texts import reads_for
from bot.speech.types import EngineInfo, EngineKind, EngineSpec, SynthesisRequest, SynthesisResult
from bot.text.engine_reads import EngineReads
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError
from bot.workers.backoff import Backoff

log = structlog.get_logger(__name__)

LOAD_SECONDS = 3600.0
"""A first load may have gigabytes to download."""


class EngineClient:
    """An engine in a worker of its own. When the worker is lost, it is loaded again at once.

    analysis: what its worker can tell about recordings.
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
        worker.on_lost = self._lose
        self._exchange = EngineExchange(worker, sentence_seconds, clock)
        self.analysis = RecordingAnalysis(worker, lambda: self.kind == "chatterbox")
        self._spec = spec
        self._load_seconds = load_seconds
        self._open_engine = open_engine
        self._clock = clock
        self._loading = asyncio.Lock()
        self._generation = self._losses = 0  # how often it was loaded, and its worker lost
        self._backoff = Backoff()  # of loads and of sentences
        self._last_failure, self._failure = "", Translatable("")
        self._retrying = 0  # sentences whose engine died
        self._not_before = 0.0
        self._ready = self._closed = False
        self._info: EngineInfo | None = None
        self._kind: EngineKind | None = None  # before the first load
        self._reloading: asyncio.Task[None] | None = None

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
    def reads(self) -> EngineReads:
        """What the engine that is loaded, or will be, makes of a text.

        Where loading decides about the model, what any of them makes of it.
        """
        if self._info is not None:
            return reads_for(self._info.kind, self._info.model)
        return reads_for(self.kind, None if self._spec.auto_model else self._spec.model)

    @property
    def clip_need(self) -> ClipNeed:
        """What the engine that is loaded, or will be, needs of a voice's recording."""
        if self._info is not None:
            return clip_need_of(self._info)
        return clip_need(self.kind, None if self._spec.auto_model else self._spec.model)

    @property
    def worker(self) -> Worker:
        """The process that it runs in."""
        return self._worker

    @property
    def ready(self) -> bool:
        """Whether the engine is loaded; False before, while it loads, and after it died."""
        return self._ready

    def condition(self) -> Condition:
        """Return how it is: what is loaded, or why nothing is and when it is tried again."""
        if self._closed:
            return Condition("off", "It was shut down.")
        told = partial(Condition, restarts=self._losses, last_error=self._last_failure)
        if self._ready and self._info is not None:
            return told("ok", f"{self._info.model} on {self._info.device}")
        told = partial(told, reason=self._last_failure, for_members=self._for_members())
        if self._not_before > self._clock():
            return told("failing", next_try=self._not_before)
        if self._last_failure and not self._loading.locked():
            # A first load that failed is tried again by whoever needs it.
            return told("failing")
        return told("starting", reason=self._last_failure or "It is being loaded.")

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """Load the engine unless it is loaded, and return what it is.

        on_progress: called now and then while this call downloads a model; the log is told, too.

        Raises `EngineDeadError` with the reason when it cannot be loaded, at once while restarts
        are spaced out.
        """
        async with self._loading:
            if self._closed:
                raise EngineDeadError("The voice engine is shut down.")
            while self._info is None or not self._ready:
                losses = self._losses
                self._info = await self._load(on_progress)
                self._generation += 1
                # Or it is lost again already: then another child is asked, which may have it.
                self._ready = losses == self._losses
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
            raise EngineError(
                Translatable(
                    "This text could not be spoken: the voice engine was lost over it, twice. "
                    "Try other words."
                )
            ) from error
        finally:
            self._retrying -= 1

    async def forget(self, clip_sha256: str) -> None:
        """Drop what the engine prepared of a clip, after the call that it is at work on.

        Raises `BusyError` when too many calls wait.
        """
        if self._ready:
            # A worker that dies forgets in any case.
            with contextlib.suppress(WorkerDiedError, WorkerTimeoutError):
                await self._worker.run(engine_worker.forget, clip_sha256)

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""
        return await self.analysis.watermark(samples, rate)

    async def _speak(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        # Bounded: each turn costs a load, and `start` refuses when loads do not help.
        while True:
            await self.ensure_loaded()
            generation = self._generation
            try:
                results = await self._call(batch)
            except EngineNotLoadedError:
                if generation == self._generation:
                    self._ready = False
            else:
                self._backoff.succeed()
                return results

    async def ensure_loaded(self) -> None:
        """Load the engine; again at once where its worker died of it, until pauses are due.

        Raises what `start` raises.
        """
        while True:
            try:
                await self.start()
                return
            except EngineDeadError as error:
                died = isinstance(error.__cause__, WorkerDiedError)
                if not died or self._not_before > self._clock():
                    raise

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
        if self._reloading is not None:
            self._reloading.cancel()
        await self._worker.close()
        if self._reloading is not None:
            await asyncio.wait([self._reloading])

    async def _load(self, on_progress: OnProgress | None) -> EngineInfo:
        wait = self._not_before - self._clock()
        if wait > 0:
            raise EngineDeadError(
                f"The voice engine is out of order; the next try is in {wait:.0f} s. "
                f"{self._last_failure}",
                self._for_members(),
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
            self._note_failure(error)
            raise EngineDeadError(
                f"The voice engine could not be loaded. {error}", self._for_members()
            ) from error
        log.info(
            "engine loaded",
            stage="engine",
            kind=info.kind,
            model=info.model,
            device=info.device,
            reason=info.reason,
            seconds=round(info.load_seconds, 2),
            walls=in_words(info.walls),
        )
        for note in info.notes:
            log.info("engine note", stage="engine", note=note)
        return info

    def _lose(self, error: WorkerDiedError) -> None:
        self._losses += 1
        if not self._ready:
            return  # whoever loads it learns of it
        self._ready = False
        self._note_failure(error)
        self.load_again()

    def load_again(self) -> None:
        """Load the engine in the background, after pauses where that fails, until it is there."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload(), name="engine-reload")

    async def _reload(self) -> None:
        while not self._ready and not self._closed:
            await asyncio.sleep(max(0.0, self._not_before - self._clock()))
            try:
                await self.start()
            except EngineDeadError:
                continue  # noted already, and the next try is set
            except MynahError as error:
                log.warning("engine not loaded", stage="engine", error=str(error))
                return

    def _note_failure(self, error: MynahError) -> None:
        self._last_failure, self._failure = str(error), _in_short(error)
        self._not_before = self._clock() + self._backoff.fail()
        failures = self._backoff.failures
        log.error("engine failed", stage="engine", reason=str(error), failures=failures)

    def _for_members(self) -> str:
        """Return what anybody may know of the last failure and the next try."""
        if not self._last_failure:
            return ""
        wait = self._not_before - self._clock()
        if wait <= 0:
            return Translatable(
                "The voice engine is out of order: {reason}. It is tried again with the next text.",
                reason=self._failure,
            )
        return Translatable(
            "The voice engine is out of order: {reason}. It is tried again in {seconds} s.",
            reason=self._failure,
            seconds=math.ceil(wait),
        )


def _in_short(error: MynahError) -> Translatable:
    match error:
        case WorkerTimeoutError():
            return Translatable("it took too long")
        case WorkerDiedError():
            return Translatable("it stopped unexpectedly")
        case _:
            return Translatable("it could not be loaded")


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
