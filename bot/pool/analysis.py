"""What a pool can tell about recordings: whatever one of its engines can."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.pool.replica import DeviceReplica
from bot.speech.engine import Analysis
from storage.types import ReferenceClip

Samples = npt.NDArray[np.float32]


class PoolAnalysis:
    """Asks the engine that has the least to do; see `bot.speech.analysis.RecordingAnalysis`.

    replicas: the pool's own list, which may change.
    """

    def __init__(self, replicas: Sequence[DeviceReplica]) -> None:
        self._replicas = replicas

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """See `RecordingAnalysis`."""
        asked = self._asked()
        return await asked.embedding(clip) if asked is not None else None

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        """See `RecordingAnalysis`."""
        asked = self._asked()
        return await asked.similarity(a, b) if asked is not None else None

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """See `RecordingAnalysis`."""
        asked = self._asked()
        return await asked.watermark(samples, rate) if asked is not None else None

    def _asked(self) -> Analysis | None:
        free = min(
            self._replicas, key=lambda replica: (not replica.fit, replica.taken), default=None
        )
        return free.member.analysis if free is not None else None
