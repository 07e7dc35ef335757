"""`mynah run` with an engine that reads the recording of every sentence, as Chatterbox does.

    python -m tests.servers.whole.reading_program run

It hums for two seconds instead of speaking. Everything else is the program's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from benchmarks.doubles.fixed_program import FixedEngine
from bot.config import Settings
from bot.speech.engine import Engine
from bot.speech.opus import encode_opus
from bot.speech.types import EngineInfo, EngineKind, Speech, SynthesisRequest, SynthesisResult
from storage.clips import load_clip

SECONDS = 2.0
RATE = 48_000


class ReadingEngine(FixedEngine):
    """Speaks only what it could read the recording of."""

    info: EngineInfo | None = EngineInfo(
        "chatterbox", "english", "cpu", clones=True, reason="", load_seconds=0.0, slots=1
    )
    kind: EngineKind | None = "chatterbox"
    slots = 1

    def __init__(self) -> None:
        super().__init__("reading")
        times = np.arange(round(SECONDS * RATE)) / RATE
        hum = (0.3 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
        self._hum = Speech(encode_opus(hum), SECONDS)

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Read the recordings, and hum for each request."""
        for request in batch:
            voice = request.voice
            await asyncio.to_thread(load_clip, voice.clip_path, voice.clip_sha256)
        return [self._hum] * len(batch)


@asynccontextmanager
async def open_reading_engine(_settings: Settings) -> AsyncIterator[Engine]:
    """Stand in for `bot.engines.open_engine`."""
    engine = ReadingEngine()
    try:
        yield engine
    finally:
        await engine.close()


def main() -> None:
    """Run the program."""
    from bot import backstage
    from bot.__main__ import main as mynah

    backstage.open_engine = open_reading_engine
    mynah()


if __name__ == "__main__":
    main()
