"""Several engines that speak as one."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.errors import EngineDeadError, EngineError
from bot.pool.analysis import PoolAnalysis
from bot.pool.condition import condition_of
from bot.pool.dispatcher import Dispatcher
from bot.pool.loading import Loading
from bot.pool.member import Member
from bot.pool.replica import DeviceReplica
from bot.speech.clip_needs import clip_need_of
from bot.speech.load_progress import OnProgress
from bot.speech.texts import reads_for
from bot.speech.types import EngineInfo, EngineKind, SynthesisRequest, SynthesisResult
from bot.text.engine_reads import EngineReads
from bot.workers import Worker


class EnginePool:
    """An `Engine` over several, among which a `Dispatcher` shares the sentences out.

    members: at least one, which stay. settled, together: see `Loading`.
    """

    def __init__(
        self,
        members: Iterable[Member],
        *,
        settled: bool = True,
        together: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_slots: Callable[[], None] | None = None
        self._replicas: list[DeviceReplica] = []
        self._loading = Loading(
            self._replicas,
            settled=settled,
            together=together,
            on_ready=self._tell_slots,
            clock=clock,
        )
        self._dispatcher = Dispatcher(self._replicas, self.ensure_loaded, self._tell_slots)
        self._closed = False
        self.analysis = PoolAnalysis(self._replicas)
        for member in members:
            replica = DeviceReplica(member, clock)
            self._replicas.append(replica)
            self._loading.attend(replica)

    # What it is.

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded, with all slots and devices; None before the first load."""
        model = self._loading.model
        if model is None:
            return None
        loaded = [replica.member.info for replica in self._replicas if not replica.refused]
        devices = dict.fromkeys(info.device for info in loaded if info is not None)
        device = ", ".join(devices) or model.device
        return dataclasses.replace(model, device=device, slots=self.slots, largest=self.most_takes)

    @property
    def kind(self) -> EngineKind | None:
        """The kind of engine that is loaded or will be; None where it cannot be told."""
        model = self._loading.model
        if model is not None:
            return model.kind
        return self._replicas[0].member.kind

    @property
    def reads(self) -> EngineReads:
        """What the engines make of a text."""
        model = self._loading.model
        if model is None:
            return self._replicas[0].member.reads
        return reads_for(model.kind, model.model)

    @property
    def clip_need(self) -> ClipNeed:
        """What the engines need of a voice's recording."""
        model = self._loading.model
        if model is None:
            return self._replicas[0].member.clip_need
        return clip_need_of(model)

    @property
    def ready(self) -> bool:
        """Whether one of them can speak."""
        return self._loading.ready

    @property
    def slots(self) -> int:
        """How many sentences those take at once that can speak; all, while none can."""
        fit = [replica for replica in self._replicas if replica.fit]
        free = [replica for replica in fit if not replica.reserved]
        known = free or fit or [replica for replica in self._replicas if not replica.refused]
        return max(1, sum(replica.member.slots for replica in known))

    @property
    def most_takes(self) -> int:
        """How many takes of a sentence are made at the most: all of them are made by one engine."""
        fit = [replica for replica in self._replicas if replica.fit]
        return max(replica.member.slots for replica in fit or self._replicas)

    @property
    def company_slows(self) -> bool:
        """Whether sentences that an engine works on together take longer each."""
        return any(
            replica.member.company_slows and replica.member.slots > 1 for replica in self._replicas
        )

    @property
    def withdraws(self) -> bool:
        """Whether a sentence under way is given up when its caller is cancelled, wherever it is.

        One that is not there, and may never be, has none.
        """
        return all(replica.member.withdraws for replica in self._replicas if replica.fit)

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The processes of all."""
        return tuple(worker for replica in self._replicas for worker in replica.member.workers)

    @property
    def devices(self) -> Sequence[DeviceReplica]:
        """Its engines, each of which can be asked how it is."""
        return self._replicas

    def condition(self) -> Condition:
        """Return how they are together: it fails only when all do."""
        return condition_of(self._replicas, closed=self._closed)

    # Loading.

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """Load all of them; return what they are when one can speak.

        Raises `EngineDeadError` when none can be loaded.
        """
        await self._ensure(on_progress)
        info = self.info
        assert info is not None
        return info

    async def ensure_loaded(self) -> None:
        """Load them unless one can speak. Raises what `start` raises."""
        await self._ensure(None)

    def load_again(self) -> None:
        """Load them in the background, after pauses where that fails, until one is there."""
        if not self._closed:
            self._loading.keep_trying()

    async def close(self) -> None:
        """End all of them; sentences in flight end with them."""
        self._closed = True
        await self._loading.close()
        await asyncio.gather(*(replica.member.close() for replica in self._replicas))

    # Speaking.

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence.

        Each goes its own way. Raises `EngineDeadError` when no engine can be loaded, `BusyError`
        when too many calls wait.
        """
        made = await asyncio.gather(*map(self._dispatcher.speak, batch), return_exceptions=True)
        results: list[SynthesisResult] = []
        for result in made:
            if isinstance(result, BaseException) and not isinstance(result, EngineError):
                raise result
            results.append(result)
        return results

    async def forget(self, clip_sha256: str) -> None:
        """Drop what any of them prepared of a clip; returns when all have.

        Raises `BusyError` when too many calls wait.
        """
        self._dispatcher.forget(clip_sha256)
        asked = (replica.member.forget(clip_sha256) for replica in self._replicas)
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""
        return await self.analysis.watermark(samples, rate)

    async def _ensure(self, on_progress: OnProgress | None) -> None:
        if self._closed:
            raise EngineDeadError("The voice engine is shut down.")
        await self._loading.ensure(on_progress)

    def _tell_slots(self) -> None:
        if self.on_slots is not None:
            self.on_slots()
