"""What the engine worker can tell about recordings: who speaks, and whether an engine does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from bot.errors import BusyError
from bot.i18n import N_, _
from bot.speech import engine_worker
from bot.speech.engine_worker import EngineNotLoadedError
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError
from storage.types import ReferenceClip

P = ParamSpec("P")
R = TypeVar("R")
Samples = npt.NDArray[np.float32]

log = structlog.get_logger(__name__)

NOT_NOW = N_(
    "I cannot listen for synthetic speech and compare speakers yet, because the voice engine is "
    "busy or loading. Try again in a minute."
)

MOST_SECONDS = 60.0
"""For an answer: the first about a watermark imports torch where no Chatterbox is loaded."""


class RecordingAnalysis:
    """Asks the engine worker, between two sentences. Nothing of what it is told is kept there.

    compares: whether the engine that is loaded, or will be, can tell speakers apart.
    """

    def __init__(self, worker: Worker, compares: Callable[[], bool]) -> None:
        self._worker = worker
        self._compares = compares

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return the direction in which a clip's speaker lies: float32, of length 1.

        None where the engine cannot tell, and where too little is heard. Raises `BusyError` where
        it can, but not now.
        """
        try:
            found = await self._embeddings(clip)
        except EngineNotLoadedError:
            raise BusyError(_(NOT_NOW)) from None
        return found[0]

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        """Return how alike two speakers sound: the cosine, from -1 to 1, as Chatterbox's own voice
        encoder has it (its `voice_similarity`).

        None where no engine is loaded that can tell, and where too little is heard. Raises
        `BusyError` where one is, but does not answer now.
        """
        try:
            first, second = await self._embeddings(a, b)
        except EngineNotLoadedError:
            return None
        return None if first is None or second is None else float(first @ second)

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """Return how surely samples (float32, mono, `rate` Hz) carry PerTh's mark, from 0 to 1.

        None where PerTh is not installed or does not work, and for less than 0.5 s. Raises
        `BusyError` where it cannot be asked now.
        """
        if any(find_spec(name) is None for name in ("perth", "torch")):
            return None  # without starting the worker
        return await self._ask(engine_worker.watermark, samples, rate)

    async def _embeddings(self, *clips: ReferenceClip) -> list[Samples | None]:
        if not self._compares():
            return [None] * len(clips)
        return await self._ask(engine_worker.embeddings, clips)

    async def _ask(self, ask: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask. Raises `BusyError` where no answer comes in time: a model may be loading, or the
        queue be full.
        """
        try:
            async with asyncio.timeout(MOST_SECONDS):
                return await self._worker.run(ask, *args, **kwargs)
        except (TimeoutError, BusyError, WorkerDiedError, WorkerTimeoutError) as error:
            log.warning("recording not analysed", stage="enrol", error=repr(error))
            raise BusyError(_(NOT_NOW)) from error
