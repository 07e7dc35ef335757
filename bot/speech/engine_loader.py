"""Loads the engine in its worker, and brings it back when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
from collections.abc import Callable
from functools import partial

import structlog

from bot.condition import Condition
from bot.confinement import in_words
from bot.errors import BusyError, EngineDeadError, MynahError
from bot.i18n import Translatable
from bot.speech import engine_worker
from bot.speech.engine_worker import EngineNotLoadedError, EngineOpener
from bot.speech.load_progress import LoadProgress, Milestones, OnProgress, watching
from bot.speech.types import EngineInfo, EngineSpec
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError
from bot.workers.backoff import Backoff

log = structlog.get_logger(__name__)

_LOST = (EngineNotLoadedError, WorkerDiedError, WorkerTimeoutError)


class EngineLoader:
    """What is loaded in a worker, if anything, and when it is tried again.

    spec: what is loaded; another one counts from the next load on.
    load_seconds: bound of loading, which downloads a model the first time.
    open_engine: a module-level function that the worker loads the engine with.
    clock: seconds, monotonic.
    on_ready: called whenever it is loaded; must not block or fail.
    """

    def __init__(
        self,
        worker: Worker,
        spec: EngineSpec,
        load_seconds: float,
        open_engine: EngineOpener,
        clock: Callable[[], float],
    ) -> None:
        self.spec = spec
        self.on_ready: Callable[[], None] | None = None
        self.info: EngineInfo | None = None
        self.ready = False
        self.generation = 0  # how often it was loaded
        self._worker, self._load_seconds = worker, load_seconds
        self._open_engine, self._clock = open_engine, clock
        self._loading = asyncio.Lock()
        self._losses = 0  # of its worker
        self._backoff = Backoff()  # of loads and of sentences
        self._last_failure, self._failure = "", Translatable("")
        self._not_before = 0.0
        self._closed = False
        self._reloading: asyncio.Task[None] | None = None
        worker.on_lost = self._lose

    def condition(self) -> Condition:
        """Return how it is: what is loaded, or why nothing is and when it is tried again."""
        if self._closed:
            return Condition("off", "It was shut down.")
        told = partial(Condition, restarts=self._losses, last_error=self._last_failure)
        if self.ready and self.info is not None:
            return told("ok", f"{self.info.model} on {self.info.device}")
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
            while self.info is None or not self.ready:
                losses = self._losses
                self.info = await self._load(on_progress)
                self.generation += 1
                # Or it is lost again already: then another child is asked, which may have it.
                self.ready = losses == self._losses
                if self.ready and self.on_ready is not None:
                    self.on_ready()
            return self.info

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

    def load_again(self) -> None:
        """Load the engine in the background, after pauses where that fails, until it is there."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload(), name="engine-reload")

    async def look(self) -> None:
        """Ask what is loaded once more; `on_ready` is told where it takes more at once now."""
        # Who else has to do with it learns of a loss, too, and does more.
        with contextlib.suppress(*_LOST, BusyError):
            generation, info = self.generation, await self._worker.run(engine_worker.look)
            before = self.info.slots if self.info is not None else 0
            if generation == self.generation and self.ready:
                self.info = info
                if info.slots > before and self.on_ready is not None:
                    self.on_ready()

    def succeed(self) -> None:
        """Forget earlier failures: it has spoken."""
        self._backoff.succeed()

    def gone(self, generation: int) -> None:
        """Take note that what was loaded the so manyth time is not there any more."""
        if generation == self.generation:
            self.ready = False

    async def close(self) -> None:
        """End the worker."""
        self.ready, self._closed = False, True
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
                    dataclasses.replace(self.spec, progress_file=progress_file),
                )
        except (WorkerDiedError, WorkerTimeoutError, EngineDeadError) as error:
            self._note_failure(error)
            raise EngineDeadError(
                f"The voice engine could not be loaded. {error}", self._for_members()
            ) from error
        _tell_loaded(info)
        return info

    def _lose(self, error: WorkerDiedError) -> None:
        self._losses += 1
        if not self.ready:
            return  # whoever loads it learns of it
        self.ready = False
        self._note_failure(error)
        self.load_again()

    async def _reload(self) -> None:
        while not self.ready and not self._closed:
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


def _tell_loaded(info: EngineInfo) -> None:
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
