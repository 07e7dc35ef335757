"""What becomes of everything that can go wrong in a worker: a cell each, in real processes."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import pytest

from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from bot.workers.backoff import FREE_RESTARTS
from tests.faults.__main__ import run_matrix
from tests.faults.cells import Cell, Outcome, matrix
from tests.faults.committing import SLOW_FAULTS
from tests.faults.parts import open_at_last

NOTICED_SECONDS = 10.0
LATE_SECONDS = 5.0  # where others take the processor

CELLS = [*matrix(times=1), *(cell for cell in matrix(times=2) if cell.fault not in SLOW_FAULTS)]


@functools.cache
def outcomes() -> dict[Cell, Outcome]:
    """Return what became of all cells; most of them only wait, so they do it together."""
    return {outcome.cell: outcome for outcome in asyncio.run(run_matrix(CELLS, at_once=6))}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cell", CELLS, ids=lambda c: f"{c.part}-{c.fault}-{c.times}")
def test_who_meets_a_fault_is_served_or_told_and_the_others_go_on(cell: Cell) -> None:
    outcome = outcomes()[cell]
    print(outcome)
    assert outcome.right, outcome
    if cell.fault in SLOW_FAULTS:
        assert outcome.noticed_seconds is not None
        assert outcome.noticed_seconds < NOTICED_SECONDS + LATE_SECONDS


async def test_an_engine_that_cannot_be_loaded_says_until_when_and_is_loaded_by_itself(
    tmp_path: Path,
) -> None:
    times_left = tmp_path / "times_left"
    times_left.write_bytes(bytes(FREE_RESTARTS + 1))
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    client = EngineClient(worker, EngineSpec(checkpoint=times_left), open_engine=open_at_last)
    try:
        client.load_again()
        async with asyncio.timeout(60):
            while client.condition().state != "failing":
                await asyncio.sleep(0.01)
            told = client.condition()
            assert told.next_try is not None
            assert "There is no model yet." in told.reason
            while client.condition().state != "ok":
                await asyncio.sleep(0.01)
    finally:
        await client.close()
