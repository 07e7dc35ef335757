"""One fault of one part: what becomes of who met it, of the others, and when all is well again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import EnrolmentLimits
from bot.errors import MynahError
from bot.speech.engine_client import EngineClient
from bot.speech.scheduler import FairScheduler
from bot.speech.types import EngineSpec, Speech
from bot.worker_answers import ENGINE_ANSWERS, MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.faults import parts
from tests.faults.committing import FAULTS, GPU_FAULTS

PATIENCE_SECONDS = 120.0
ENGINES = {"engine": parts.open_one_by_one, "engine of four slots": parts.open_together}
MEDIA = "media worker"
LIMITS = WorkerLimits(call_seconds=60, computing=True)

Ask = Callable[[str], Awaitable[str]]
"""Has something done; returns "done" or what was told instead."""


@dataclass(frozen=True, slots=True)
class Cell:
    """times: how often in a row whoever asks meets the fault; a second time is told to them."""

    part: str
    fault: str
    times: int = 1

    @property
    def expected(self) -> str:
        """What becomes of who meets the fault."""
        if self.part == MEDIA and self.fault == "out of memory":
            return "told"  # a limit was hit, and would be again
        return "done" if self.times == 1 else "told"


@dataclass(frozen=True, slots=True)
class Outcome:
    """noticed_seconds: until the part knew that its child was lost; None where it was not.

    answered_seconds, recovered_seconds: until who met the fault had an answer, and until the
    part says that it is well and has done something for somebody else."""

    cell: Cell
    answer: str
    told: str
    others: str
    condition: str
    restarts: int
    noticed_seconds: float | None
    answered_seconds: float
    recovered_seconds: float

    @property
    def right(self) -> bool:
        """Whether all is as it should be."""
        return (self.answer, self.others, self.condition) == (self.cell.expected, "done", "ok")


def matrix(times: int = 1) -> list[Cell]:
    """Return all cells with faults that happen so many times."""
    parts = [*ENGINES, MEDIA]
    return [
        Cell(part, fault, times)
        for part in parts
        for fault in FAULTS
        if part != MEDIA or fault not in GPU_FAULTS
    ]


async def run_cell(cell: Cell) -> Outcome:
    """Let it happen."""
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        times_left = Path(folder) / "times_left"
        times_left.write_bytes(bytes(cell.times))
        opened = _media if cell.part == MEDIA else _engine
        async with asyncio.timeout(PATIENCE_SECONDS), opened(cell, times_left) as (ask, part):
            assert await ask("warm") == "done"
            begun = time.monotonic()
            met = asyncio.create_task(ask(cell.fault))
            await asyncio.sleep(0)
            others = asyncio.create_task(ask("somebody else"))
            noticing = asyncio.create_task(_first_loss(part))
            told = await met
            answered = time.monotonic() - begun
            others_answer = await others
            recovered = await ask("afterwards")
            while part.condition().state != "ok":
                await asyncio.sleep(0.01)
            condition = part.condition()
            noticing.cancel()
            noticed = noticing.result() - begun if noticing.done() else None
            return Outcome(
                cell,
                "done" if told == "done" else "told",
                told,
                others_answer if recovered == "done" else recovered,
                condition.state,
                condition.restarts,
                round(noticed, 2) if noticed is not None else None,
                round(answered, 2),
                round(time.monotonic() - begun, 2),
            )


async def _first_loss(part: EngineClient | Worker) -> float:
    while not part.condition().restarts:
        await asyncio.sleep(0.01)
    return time.monotonic()


@asynccontextmanager
async def _engine(cell: Cell, times_left: Path) -> AsyncIterator[tuple[Ask, EngineClient]]:
    client = EngineClient(
        Worker("engine worker", LIMITS, answers=ENGINE_ANSWERS),
        EngineSpec(),
        open_engine=ENGINES[cell.part],
    )
    scheduler = FairScheduler(client, at_once=lambda: client.info.slots if client.info else 1)

    async def ask(text: str) -> str:
        guild = 1 if text == cell.fault else 2
        try:
            result = await scheduler.lane(guild, lambda: 0.0).synthesize(
                parts.request(text, times_left)
            )
        except MynahError as error:
            return str(error)
        return "done" if isinstance(result, Speech) else str(result)

    try:
        yield ask, client
    finally:
        await scheduler.close()
        await client.close()


@asynccontextmanager
async def _media(cell: Cell, times_left: Path) -> AsyncIterator[tuple[Ask, Worker]]:
    worker = Worker(
        "media worker", LIMITS, parts.listen_badly, answers=(*MEDIA_ANSWERS, parts.Heard)
    )
    store: Any = SimpleNamespace(database=None, clips=None)  # nothing is saved
    service = EnrolmentService(worker, store, EnrolmentLimits())

    async def ask(text: str) -> str:
        data = parts.upload(text, times_left) if text == cell.fault else parts.UPLOAD
        try:
            await service.prepare(data, owner=1 if text == cell.fault else 2)
        except MynahError as error:
            return str(error)
        except ZeroDivisionError:  # the seam of the commands answers with a number
            return "Something went wrong on my side."
        return "done"

    try:
        yield ask, worker
    finally:
        await worker.close()
