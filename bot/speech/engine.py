"""What the bot speaks with: one engine worker, or several of them behind one face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.operations.vitals import DeviceReading
from bot.speech.load_progress import OnProgress
from bot.speech.types import EngineInfo, EngineKind, SynthesisRequest, SynthesisResult
from bot.text.engine_reads import EngineReads
from bot.workers import Worker
from storage.types import ReferenceClip

Samples = npt.NDArray[np.float32]


class Analysis(Protocol):
    """What an engine can tell about recordings; see `bot.speech.analysis.RecordingAnalysis`."""

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return the direction in which a clip's speaker lies: float32, of length 1."""

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        """Return how alike two speakers sound, from -1 to 1."""

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """Return how surely samples (mono, `rate` Hz) carry PerTh's mark, from 0 to 1."""


class EngineDevice(Protocol):
    """One of several engines that speak as one. name: of its device or place."""

    name: str

    def condition(self) -> Condition:
        """Return how it is."""

    def reading(self) -> DeviceReading:
        """Return how it stands, for figures."""

    async def probe(
        self, request: SynthesisRequest, on_progress: OnProgress | None = None
    ) -> tuple[EngineInfo, SynthesisResult]:
        """Load it unless it is loaded; return what it is and what it makes of a sentence.

        Raises `EngineDeadError` when it cannot be loaded, MynahError when it is lost.
        """


class Engine(Protocol):
    """Requests in, speech out. What is lost is loaded again without being asked.

    on_slots: called when the engine can take more sentences at once than before; None calls
    nothing. It must not block or fail.
    """

    on_slots: Callable[[], None] | None

    @property
    def info(self) -> EngineInfo | None:
        """What was loaded last, or None before the first load."""

    @property
    def kind(self) -> EngineKind | None:
        """The kind of engine that is loaded or will be; None where it cannot be told."""

    @property
    def reads(self) -> EngineReads:
        """What the engine that is loaded, or will be, makes of a text."""

    @property
    def clip_need(self) -> ClipNeed:
        """What the engine that is loaded, or will be, needs of a voice's recording."""

    @property
    def analysis(self) -> Analysis:
        """What it can tell about recordings."""

    @property
    def ready(self) -> bool:
        """Whether it can speak: False before it is loaded and after it was lost."""

    @property
    def slots(self) -> int:
        """How many sentences it takes at once, as things stand; at least 1."""

    @property
    def most_takes(self) -> int:
        """How many takes of a sentence it makes at the most; at least 1."""

    @property
    def company_slows(self) -> bool:
        """Whether sentences that are worked on together take longer each."""

    @property
    def withdraws(self) -> bool:
        """Whether it gives up a sentence that is under way when its caller is cancelled.

        One that does not works on to the end.
        """

    @property
    def devices(self) -> Sequence[EngineDevice]:
        """The engines that it is made of; none where it is one."""

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The child processes that it runs in; none where it runs elsewhere."""

    def condition(self) -> Condition:
        """Return how it is: what is loaded, or why nothing is and when it is tried again."""

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """Load it unless it is loaded, and return what it is.

        on_progress: called now and then while this call downloads a model.

        Raises `EngineDeadError` with the reason when it cannot be loaded, at once while tries are
        spaced out.
        """

    async def ensure_loaded(self) -> None:
        """Load it; again at once where its worker died of it, until pauses are due.

        Raises what `start` raises.
        """

    def load_again(self) -> None:
        """Load it in the background, after pauses where that fails, until it is there."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence.

        Loads the engine if needed. A sentence during which an engine died is tried once more, and
        spoken once. Raises `EngineError` when it died again, `EngineDeadError` when it cannot be
        loaded, `BusyError` when too many calls wait.
        """

    async def forget(self, clip_sha256: str) -> None:
        """Drop what was prepared of a clip, wherever it was; returns when that is done.

        Raises `BusyError` when too many calls wait.
        """

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """See `RecordingAnalysis.watermark`."""

    async def close(self) -> None:
        """End it; a sentence in flight ends with it."""


SHARED_ROUNDS = 2
"""What a slot of a shared engine works on, and what it takes next."""


def sentences_at_once(engine: Engine) -> int:
    """Return how many sentences an engine is to be asked for at once, as things stand.

    Of one that several bots ask, over a network, twice as many as it works on: the next for each
    slot is there when the slot is free. Else another bot's would take it, however many servers wait
    in this one.
    """
    shared = engine.info is not None and engine.info.remote
    return engine.slots * (SHARED_ROUNDS if shared else 1)
