"""`mynah run` with two engines whose sentences all cost the same, so that all else is measured.

    python -m benchmarks.doubles.fixed_program run

Everything else is the program's own. The packets are no Opus; nobody decodes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import numpy.typing as npt

from bot.clip_need import ClipNeed
from bot.condition import Condition
from bot.config import Settings
from bot.pool.pool import EnginePool
from bot.speech.engine import Engine, EngineDevice
from bot.speech.load_progress import OnProgress
from bot.speech.types import (
    PACKET_SECONDS,
    EngineInfo,
    EngineKind,
    Speech,
    SynthesisRequest,
    SynthesisResult,
)
from bot.text.engine_reads import EngineReads
from bot.workers import Worker
from storage.types import ReferenceClip

Samples = npt.NDArray[np.float32]

SENTENCE_SECONDS = 2.0
"""Of what is heard of each."""

COST_SECONDS = 0.2
SLOTS = 4
PACKET = bytes(range(120))


class NoAnalysis:
    """Tells nothing of recordings."""

    async def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Nothing."""
        return None

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        """Nothing."""
        return None

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """Nothing."""
        return None


class FixedEngine:
    """A `bot.pool.member.Member` that is always there."""

    info: EngineInfo | None = EngineInfo(
        "piper", "fixed", "cuda", clones=False, reason="", load_seconds=0.0, slots=SLOTS
    )
    kind: EngineKind | None = "piper"
    reads = EngineReads(numbers=True)
    clip_need = ClipNeed()
    analysis = NoAnalysis()
    ready = True
    slots = most_takes = SLOTS
    company_slows = False
    withdraws = True
    workers: tuple[Worker, ...] = ()
    devices: tuple[EngineDevice, ...] = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_slots: Callable[[], None] | None = None
        packets = (PACKET,) * round(SENTENCE_SECONDS / PACKET_SECONDS)
        self._speech = Speech(packets, SENTENCE_SECONDS)

    def condition(self) -> Condition:
        """Always well."""
        return Condition("ok")

    async def start(self, on_progress: OnProgress | None = None) -> EngineInfo:
        """It is loaded."""
        assert self.info is not None
        return self.info

    async def ensure_loaded(self) -> None:
        """It is."""

    def load_again(self) -> None:
        """It is loaded."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return the same speech for each request."""
        await asyncio.sleep(COST_SECONDS)
        return [self._speech] * len(batch)

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        """Return the same speech for each request."""
        return await self.synthesize(batch)

    def settle(self, model: EngineInfo) -> None:
        """It has one model."""

    async def forget(self, clip_sha256: str) -> None:
        """Nothing is kept."""

    async def watermark(self, samples: Samples, rate: int) -> float | None:
        """Nothing."""
        return None

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def open_fixed_engines(_settings: Settings) -> AsyncIterator[Engine]:
    """Stand in for `bot.engines.open_engine`."""
    pool = EnginePool([FixedEngine("one"), FixedEngine("two")])
    try:
        yield pool
    finally:
        await pool.close()


def main() -> None:
    """Run the program."""
    from bot import backstage
    from bot.__main__ import main as mynah

    backstage.open_engine = open_fixed_engines
    mynah()


if __name__ == "__main__":
    main()
