"""Every fault of the engine and of the media worker, with the time until all is well again.

    python -m tests.faults [--times N] [-o FILE.json]

Prints one JSON object: what became of each fault of each part, once and twice in a row, for who met
it and for the others. Exits with 1 when one did not come out as it should.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import statistics
import sys
from collections import Counter
from typing import Any

from bot.logs import configure_logging
from tests.endurance import add_output, tell
from tests.faults.cells import Cell, Outcome, matrix, run_cell

AT_ONCE = 4
"""Cells that run at the same time; most of them only wait."""


async def run_matrix(cells: list[Cell], at_once: int = AT_ONCE) -> list[Outcome]:
    """Return what became of all cells, in their order."""
    room = asyncio.Semaphore(at_once)

    async def run(cell: Cell) -> Outcome:
        async with room:
            outcome = await run_cell(cell)
        if sys.stderr.isatty():
            print(line(outcome), file=sys.stderr)
        return outcome

    return list(await asyncio.gather(*map(run, cells)))


def line(outcome: Outcome) -> str:
    """Return what a person reads of it."""
    cell = outcome.cell
    return (
        f"{cell.part}, {cell.fault}, {cell.times} times: {outcome.answer} after "
        f"{outcome.answered_seconds} s, well after {outcome.recovered_seconds} s"
        + ("" if outcome.right else " - NOT AS IT SHOULD BE")
    )


def report(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the whole as it is stored."""
    seconds = [outcome.recovered_seconds for outcome in outcomes]
    return {
        "faults": len(outcomes),
        "outcomes": Counter(outcome.answer for outcome in outcomes),
        "wrong": [line(outcome) for outcome in outcomes if not outcome.right],
        "median_recovered_seconds": round(statistics.median(seconds), 2),
        "longest_recovered_seconds": max(seconds),
        "cells": [dataclasses.asdict(outcome) for outcome in outcomes],
    }


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, nargs="*", default=[1, 2])
    add_output(parser)
    options = parser.parse_args()
    configure_logging("critical", "json")
    cells = [cell for times in options.times for cell in matrix(times)]
    return tell(report(asyncio.run(run_matrix(cells))), options.output)


if __name__ == "__main__":
    sys.exit(main())
