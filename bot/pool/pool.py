"""Several engines that speak as one."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.errors import EngineDeadError, EngineError
from bot.i18n import Translatable
from bot.pool.analysis import PoolAnalysis
from bot.pool.condition import condition_of
from bot.pool.loading import Loading
from bot.pool.member import Member
from bot.pool.placement import Cost, choose
from bot.pool.replica import Replica
from bot.speech.clip_needs import clip_need_of
from bot.speech.engine_client import lost_twice
from bot.speech.engine_worker import EngineNotLoadedError
from bot.speech.load_progress import OnProgress
from bot.speech.texts import reads_for
from bot.speech.types import EngineInfo, EngineKind, SynthesisRequest, SynthesisResult
from bot.text.engine_reads import EngineReads
from bot.text.sentences import letters
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError

MAX_BEGINNINGS = 20
"""Engines that a sentence is given to and that are gone before they begin with it."""


@dataclass(eq=False)
class _Sentence:
    """A request under way. losses: engines that were lost over it. unwanted: its voice is gone."""

    request: SynthesisRequest
    cost: Cost
    losses: int = 0
    unwanted: bool = False


class EnginePool:
    """An `Engine` over several: a sentence goes to the one that is expected to be done first.

    When an engine is lost, its sentences go to others at once. One that was lost with two engines
    is tried alone, so that it harms nobody if it is the cause; when that engine is lost, too, it
    fails. A sentence that had its engine to itself both times fails after the second.

    members: at least one, unless more join later. settled, together: see `Loading`.
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
        self._clock = clock
        self._replicas: list[Replica] = []
        self._loading = Loading(
            self._replicas,
            settled=settled,
            together=together,
            on_ready=self._tell_slots,
            clock=clock,
        )
        self._sentences: set[_Sentence] = set()
        self._alone = asyncio.Lock()  # held by a sentence that has an engine to itself
        self._closed = False
        self.analysis = PoolAnalysis(self._replicas)
        for member in members:
            self._replica(member)

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
        return dataclasses.replace(model, device=device, slots=self.slots)

    @property
    def kind(self) -> EngineKind | None:
        """The kind of engine that is loaded or will be; None where it cannot be told."""
        model = self._loading.model
        if model is not None:
            return model.kind
        return self._replicas[0].member.kind if self._replicas else None

    @property
    def reads(self) -> EngineReads:
        """What the engines make of a text."""
        model = self._loading.model
        if model is None and self._replicas:
            return self._replicas[0].member.reads
        return reads_for(model.kind, model.model) if model is not None else reads_for(None)

    @property
    def clip_need(self) -> ClipNeed:
        """What the engines need of a voice's recording."""
        model = self._loading.model
        if model is None and self._replicas:
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
    def company_slows(self) -> bool:
        """Whether sentences that an engine works on together take longer each."""
        return any(
            replica.member.company_slows and replica.member.slots > 1 for replica in self._replicas
        )

    @property
    def withdraws(self) -> bool:
        """Whether a sentence under way is given up when its caller is cancelled, wherever it is."""
        return all(replica.member.withdraws for replica in self._replicas)

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The processes of all."""
        return tuple(worker for replica in self._replicas for worker in replica.member.workers)

    @property
    def devices(self) -> Sequence[Replica]:
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
        self._loading.keep_trying()

    def add(self, member: Member) -> None:
        """Take in another engine and load it in the background."""
        self._loading.begin(self._replica(member))

    async def remove(self, name: str) -> None:
        """Let an engine go; what it has under way goes to others."""
        for replica in [replica for replica in self._replicas if replica.name == name]:
            self._replicas.remove(replica)
            self._loading.drop(replica)
            await replica.member.close()

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
        made = await asyncio.gather(*map(self._spoken, batch), return_exceptions=True)
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
        for sentence in self._sentences:
            if sentence.cost.voice == clip_sha256:
                sentence.unwanted = True  # or another engine would prepare it once more
        for replica in self._replicas:
            replica.forget(clip_sha256)
        asked = (replica.member.forget(clip_sha256) for replica in self._replicas)
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""
        return await self.analysis.watermark(samples, rate)

    async def _spoken(self, request: SynthesisRequest) -> SynthesisResult:
        takes = request.settings.takes or 1
        cost = Cost(letters(request.text), request.voice.clip_sha256, takes)
        sentence = _Sentence(request, cost)
        self._sentences.add(sentence)
        try:
            for _ in range(MAX_BEGINNINGS):
                result = await self._tried(sentence)
                if result is not None:
                    return result
        finally:
            self._sentences.discard(sentence)
        raise EngineDeadError("The voice engines were lost again and again. Look at the log.")

    async def _tried(self, sentence: _Sentence) -> SynthesisResult | None:
        """Have a sentence spoken; None where it has to be tried again.

        Raises `EngineError` where it must not be tried again.
        """
        alone = sentence.losses > 1 or (sentence.losses == 1 and len(self._replicas) == 1)
        if not alone:
            return await self._given(sentence, await self._replica_for(sentence.cost))
        async with self._alone:
            replica = await self._replica_for(sentence.cost)
            replica.reserved = True
            try:
                return await self._given(sentence, replica, alone=True)
            finally:
                replica.reserved = False
                self._tell_slots()

    async def _given(
        self, sentence: _Sentence, replica: Replica, *, alone: bool = False
    ) -> SynthesisResult | None:
        by_itself = alone or replica.member.slots == 1
        if sentence.unwanted:
            # Nobody waits for it.
            raise EngineError(Translatable("The recording of this voice is gone. Try again."))
        try:
            return await replica.speak(sentence.request, sentence.cost, alone=alone)
        except EngineNotLoadedError:
            return None
        except (WorkerDiedError, WorkerTimeoutError) as error:
            sentence.losses += 1
            if by_itself and sentence.losses > 1:
                raise lost_twice() from error
            return None

    async def _replica_for(self, cost: Cost) -> Replica:
        """Return where a sentence goes. Raises `EngineDeadError` when there is nobody."""
        while True:
            fit = {replica.name: replica for replica in self._replicas if replica.fit}
            free = [replica.facts() for replica in fit.values()]
            chosen = choose(free, cost) or choose(
                [dataclasses.replace(facts, fit=True) for facts in free], cost
            )
            if chosen is not None:
                return fit[chosen.name]
            # Bounded: each turn costs a load, and loading refuses when it does not help.
            await self._ensure(None)

    async def _ensure(self, on_progress: OnProgress | None) -> None:
        if self._closed:
            raise EngineDeadError("The voice engine is shut down.")
        await self._loading.ensure(on_progress)

    def _replica(self, member: Member) -> Replica:
        replica = Replica(member, self._clock)
        self._replicas.append(replica)
        self._loading.attend(replica)
        return replica

    def _tell_slots(self) -> None:
        if self.on_slots is not None:
            self.on_slots()
