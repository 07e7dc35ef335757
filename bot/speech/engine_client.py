"""The bot's side of an engine worker: what it is asked, and what becomes of a lost sentence."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.errors import EngineDeadError, EngineError
from bot.i18n import Translatable
from bot.speech import engine_worker
from bot.speech.analysis import RecordingAnalysis
from bot.speech.clip_needs import clip_need, clip_need_of
from bot.speech.engine_exchange import EngineExchange
from bot.speech.engine_loader import EngineLoader
from bot.speech.engine_worker import EngineNotLoadedError, EngineOpener
from bot.speech.engines.select import choose
from bot.speech.engines.select import open_engine as open_chosen_engine
from bot.speech.load_progress import OnProgress
from bot.speech.remote_device import RemoteDevice
from bot.speech.texts import reads_for
from bot.speech.types import (
    ChatterboxModel,
    EngineInfo,
    EngineKind,
    EngineSpec,
    SynthesisRequest,
    SynthesisResult,
)
from bot.text.engine_reads import EngineReads
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError

LOAD_SECONDS = 3600.0
"""A first load may have gigabytes to download."""


class EngineClient:
    """An `Engine` in a worker of its own. When the worker is lost, it is loaded again at once.

    analysis: what its worker can tell about recordings.
    loader: loads it. load_seconds, open_engine: see `EngineLoader`.
    sentence_seconds: bound of one sentence among others; the worker's own is the last resort.
    clock: seconds, monotonic. name: of its place where it is one of several.
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
        name: str = "",
    ) -> None:
        self.name = name
        self._worker = worker
        self.loader = EngineLoader(worker, spec, load_seconds, open_engine, clock)
        self._exchange = EngineExchange(worker, sentence_seconds, clock)
        self.analysis = RecordingAnalysis(worker, lambda: self.kind == "chatterbox")
        self._alone = 0  # sentences that share the engine with nobody
        self._kind: EngineKind | None = None  # before the first load

    @property
    def on_slots(self) -> Callable[[], None] | None:
        """See `Engine`."""
        return self.loader.on_ready

    @on_slots.setter
    def on_slots(self, listener: Callable[[], None] | None) -> None:
        self.loader.on_ready = listener

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded last, or None before the first load."""
        return self.loader.info

    @property
    def kind(self) -> EngineKind | None:
        """The kind of engine that is loaded or will be; None where it cannot be told."""
        if self.info is not None:
            return self.info.kind
        if self._kind is None:
            with contextlib.suppress(EngineDeadError):  # `start` tells it
                self._kind = choose(self.loader.spec)[0]
        return self._kind

    @property
    def reads(self) -> EngineReads:
        """What the engine that is loaded, or will be, makes of a text.

        Where loading decides about the model, what any of them makes of it.
        """
        if self.info is not None:
            return reads_for(self.info.kind, self.info.model)
        return reads_for(self.kind, self._configured_model)

    @property
    def clip_need(self) -> ClipNeed:
        """What the engine that is loaded, or will be, needs of a voice's recording."""
        if self.info is not None:
            return clip_need_of(self.info)
        return clip_need(self.kind, self._configured_model)

    @property
    def _configured_model(self) -> str | None:
        spec = self.loader.spec
        return None if spec.auto_model else spec.model

    @property
    def worker(self) -> Worker:
        """The process that it runs in."""
        return self._worker

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The process that it runs in."""
        return (self._worker,)

    @property
    def devices(self) -> tuple[RemoteDevice, ...]:
        """The engines on other machines that it asks, as of the last look; else nothing."""
        members = self.info.members or () if self.info is not None else ()
        reached = self.loader.ready
        return tuple(RemoteDevice(self._worker, each, reached=reached) for each in members)

    @property
    def ready(self) -> bool:
        """Whether it can speak; False before it is loaded, while it loads, and after it died.

        Where it asks other machines, whether one of their engines can, as of the last look.
        """
        members = self.info.members if self.info is not None else None
        some = members is None or any(each.reading.ready for each in members)
        return self.loader.ready and some

    @property
    def slots(self) -> int:
        """How many sentences it works on together; 1 before the first load."""
        return self.info.slots if self.info is not None else 1

    @property
    def most_takes(self) -> int:
        """How many takes of a sentence it makes at the most; 1 before the first load."""
        return self.info.most_takes if self.info is not None else 1

    @property
    def company_slows(self) -> bool:
        """Whether sentences that are worked on together take longer each."""
        return self.info is None or self.info.company_slows

    @property
    def withdraws(self) -> bool:
        """Whether it gives up what is under way when its caller is cancelled."""
        return self.slots > 1 or self._remote

    @property
    def _remote(self) -> bool:
        return self.info is not None and self.info.remote

    def condition(self) -> Condition:
        """Return how it is; see `EngineLoader.condition`."""
        told = self.loader.condition()
        if told.state != "ok" or self.ready:
            return told
        each = [f"{device.name}: {device.condition().reason}" for device in self.devices]
        reason = " ".join(each) or "The cluster has no engine just now."
        return dataclasses.replace(told, state="starting", reason=reason)

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """Load it unless it is loaded; see `EngineLoader.start`."""
        return await self.loader.start(on_progress)

    async def ensure_loaded(self) -> None:
        """Load it; see `EngineLoader.ensure_loaded`."""
        await self.loader.ensure_loaded()

    def load_again(self) -> None:
        """Load it in the background, after pauses where that fails, until it is there."""
        self.loader.load_again()

    def settle(self, model: EngineInfo) -> None:
        """Load this model from now on, whatever the machine suggests."""
        spec = self.loader.spec
        chosen = model.model if model.kind == "chatterbox" else spec.model
        self.loader.spec = dataclasses.replace(
            spec, kind=model.kind, model=cast("ChatterboxModel", chosen), auto_model=False
        )

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
        try:
            # Alone, so that it is the sentence that caused the death that fails.
            with self._sharing_nothing():
                return await self._speak(batch)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            raise lost_again() from error

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        """Do the same with what is loaded, once.

        alone: the batch shares the engine with nobody, and neither does what comes meanwhile.

        Raises `EngineNotLoadedError` where nothing is loaded (any more) and the batch was not
        begun, `WorkerDiedError` and `WorkerTimeoutError` when the engine was lost during it,
        `BusyError` when too many calls wait.
        """
        if not self.loader.ready:
            raise EngineNotLoadedError("The voice engine is not loaded.")
        generation = self.loader.generation
        try:
            with self._sharing_nothing() if alone else contextlib.nullcontext():
                results = await self._call(batch)
        except EngineNotLoadedError:
            self.loader.gone(generation)
            raise
        self.loader.succeed()
        return results

    async def forget(self, clip_sha256: str) -> None:
        """Drop what the engine prepared of a clip, after the call that it is at work on.

        Raises `BusyError` when too many calls wait.
        """
        if self.loader.ready:
            # A worker that dies forgets in any case; engines elsewhere do when the next meets them.
            with contextlib.suppress(WorkerDiedError, WorkerTimeoutError):
                await self._worker.run(engine_worker.forget, clip_sha256)

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""
        return await self.analysis.watermark(samples, rate)

    async def look(self) -> None:
        """Take in how many sentences it takes now, where its members come and go."""
        if self._remote and self.loader.ready:
            await self.loader.look()

    async def close(self) -> None:
        """End the worker; a sentence in flight ends with it."""
        await self.loader.close()

    async def _speak(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        # Bounded: each turn costs a load, and `start` refuses when loads do not help.
        while True:
            await self.ensure_loaded()
            with contextlib.suppress(EngineNotLoadedError):
                return await self.try_once(batch)

    @contextlib.contextmanager
    def _sharing_nothing(self) -> Iterator[None]:
        """Let nothing begin meanwhile beside anything else."""
        self._alone += 1
        try:
            yield
        finally:
            self._alone -= 1

    async def _call(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        if self.withdraws and not self._alone:
            return await self._exchange.synthesize(batch)
        # While a sentence is alone, whoever comes takes a turn, too, and shares nothing.
        await self._exchange.drained()
        return await self._worker.run(engine_worker.synthesize, tuple(batch))


def lost_again() -> EngineError:
    """Return what becomes of a sentence that takes engines down."""
    return EngineError(
        Translatable(
            "This text could not be spoken: the voice engine was lost over it more than once. "
            "Try other words."
        )
    )
