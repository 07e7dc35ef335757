"""What the walls around the media worker cost: its start, and an enrolment.

With and without, in turns, in processor time, which a busy machine changes least.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import Any

from bot.confinement import Confinement, in_words
from bot.enrolment.service import _prepare
from bot.enrolment.start import start_media_worker
from bot.enrolment.types import EnrolmentLimits
from bot.worker_answers import MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.samples import encode, speech_samples

ROUNDS = 3
UPLOADS = 5
UPLOAD_SECONDS = 15
MAX_RATIO = 1.2
LIMITS = WorkerLimits(
    call_seconds=300, cpu_seconds=120, memory_bytes=2048 * 2**20, start_seconds=300
)


async def run() -> dict[str, Any]:
    """Measure and return the figures."""
    upload = encode(speech_samples(UPLOAD_SECONDS), 44_100, "ipod", "aac", 2)
    measured: dict[str, list[dict[str, float]]] = {"walled": [], "free": []}
    walls = ""
    for _ in range(ROUNDS):
        for name, confinement in (("walled", Confinement()), ("free", None)):
            figures, told = await _measured(confinement, upload)
            measured[name].append(figures)
            walls = told if confinement else walls
    median = {name: _medians(rounds) for name, rounds in measured.items()}
    ratios = {kind: round(median["walled"][kind] / median["free"][kind], 3) for kind in KINDS}
    goals = [
        {"name": f"{kind}, walled over free, times", "limit": MAX_RATIO, "measured": ratios[kind],
         "met": ratios[kind] <= MAX_RATIO}
        for kind in ("start_processor_s", "enrolment_processor_s")
    ]  # fmt: skip
    return {"rounds": ROUNDS, "walls": walls, **median, "ratios": ratios, "goals": goals}


def lines(result: dict[str, Any]) -> list[str]:
    """The figures for a person."""
    return [
        result["walls"],
        *(f"{kind}: {result['walled'][kind]:.3f} walled, {result['free'][kind]:.3f} free, "
          f"{result['ratios'][kind]:.3f} times" for kind in KINDS),
    ]  # fmt: skip


KINDS = ("start_s", "start_processor_s", "enrolment_processor_s")


async def _measured(confinement: Confinement | None, upload: bytes) -> tuple[dict[str, float], str]:
    begin = partial(start_media_worker, _silent, decodes=True)
    worker = Worker("media worker", LIMITS, begin, confinement=confinement, answers=MEDIA_ANSWERS)
    try:
        start = time.perf_counter()
        at_start = await worker.run(time.process_time)
        started = time.perf_counter() - start
        spent = []
        for _ in range(1 + UPLOADS):
            before = await worker.run(time.process_time)
            await worker.run(_prepare, upload, EnrolmentLimits(), "en")
            spent.append(await worker.run(time.process_time) - before)
        figures = (started, at_start, statistics.median(spent[1:]))
        return dict(zip(KINDS, figures, strict=True)), in_words(worker.walls)
    finally:
        await worker.close()


def _silent() -> None:
    """Stand in for what sets the log of a worker up."""


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {kind: round(statistics.median(r[kind] for r in rounds), 3) for kind in KINDS}
