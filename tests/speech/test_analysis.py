"""What the engine worker tells about recordings, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from bot.errors import BusyError
from bot.speech import analysis
from bot.speech.analysis import RecordingAnalysis
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.types import ReferenceClip
from tests.speech.scripted_engine import ScriptedEngine


class ComparingEngine(ScriptedEngine):
    """Knows a speaker by the first two samples."""

    def embedding(self, clip: ReferenceClip) -> np.ndarray | None:
        return clip.samples[:2] if clip.samples.any() else None


def open_comparing(_spec: EngineSpec) -> ComparingEngine:
    return ComparingEngine()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    yield worker
    await worker.close()


def no_watermark(samples: np.ndarray, rate: int) -> None:
    """What is found where PerTh cannot be loaded."""


def clip(*samples: float) -> ReferenceClip:
    return ReferenceClip(np.float32(samples))


async def test_speakers_are_compared_once_the_engine_is_loaded(worker: Worker) -> None:
    asked = RecordingAnalysis(worker, lambda: True)
    assert await asked.similarity(clip(1, 0), clip(0.6, 0.8)) is None
    with pytest.raises(BusyError):
        await asked.embedding(clip(1, 0))
    client = EngineClient(worker, EngineSpec(), open_engine=open_comparing)
    await client.start()
    assert await asked.similarity(clip(1, 0), clip(0.6, 0.8)) == pytest.approx(0.6)
    assert await asked.similarity(clip(1, 0), clip(0, 0)) is None


async def test_an_engine_that_compares_nobody_is_not_asked(worker: Worker) -> None:
    asked = RecordingAnalysis(worker, lambda: False)
    assert await asked.similarity(clip(1, 0), clip(1, 0)) is None
    assert worker.pid is None


async def test_without_perth_no_watermark_is_looked_for(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "find_spec", lambda _name: None)
    asked = RecordingAnalysis(worker, lambda: True)
    assert await asked.watermark(np.zeros(48_000, np.float32), 48_000) is None
    assert worker.pid is None


async def test_perth_that_does_not_work_is_not_taken_for_busy(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "find_spec", lambda _name: True)
    monkeypatch.setattr(analysis.engine_worker, "watermark", no_watermark)
    asked = RecordingAnalysis(worker, lambda: True)
    assert await asked.watermark(np.ones(48_000, np.float32), 48_000) is None


@pytest.mark.parametrize("ask", ["embedding", "similarity", "watermark"])
async def test_no_answer_comes_from_a_worker_that_is_gone(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    monkeypatch.setattr(analysis, "find_spec", lambda _name: True)
    await worker.close()
    given = (np.ones(48_000, np.float32), 48_000) if ask == "watermark" else (clip(1, 0),)
    asked = getattr(RecordingAnalysis(worker, lambda: True), ask)
    with pytest.raises(BusyError, match="Try again"):
        await asked(*given * (2 if ask == "similarity" else 1))


async def test_an_answer_is_not_waited_for_without_end(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "MOST_SECONDS", 0.0)
    with pytest.raises(BusyError):
        await RecordingAnalysis(worker, lambda: True).embedding(clip(1, 0))
