"""The loader of clips with hostile pickles, in a child that an audit hook watches.

Nothing may be imported, called or opened but the file itself, memory and time are bounded, and the
only answers are the clip, DamagedClipError and UnknownKeyError.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

from tests.endurance import progress
from tests.fuzz import pickle_child
from tests.fuzz.report import Report

NAME = "pickles"
CASES = 200_000
QUICK = 400

BATCH = 20_000
SILENCE_SECONDS = 60.0
"""A child that says nothing for so long hangs; a hundred files take a second, bombs included."""
MOST_DEATHS = 20

Told = dict[str, Any]


def run(cases: int, seed: int, corpus: Path, child: str = pickle_child.__name__) -> Report:
    """Try so many files. child: the module that loads them."""
    report = Report()
    report.figures |= {"slowest_seconds": 0.0, "growth_mb": 0.0}
    with tempfile.TemporaryDirectory(prefix="mynah-fuzz-") as folder:
        directory, first, deaths = Path(folder), 0, 0
        with progress(cases, NAME) as advance:
            while first < cases and deaths < MOST_DEATHS:
                count = min(BATCH, cases - first)
                done = _batch(_Batch(directory, corpus, child, seed, first, count), report)
                deaths += done < count
                advance(done)
                first += done
        if (directory / "marker").exists():
            report.fail("a pickle was run", "see the case before")
    return report


class _Batch:
    """One child and what it is told."""

    def __init__(
        self, directory: Path, corpus: Path, child: str, seed: int, first: int, count: int
    ) -> None:
        self.first, self.count = first, count
        self._case = directory / "case"
        self._case.write_bytes(first.to_bytes(8, "little"))
        arguments = [f"--seed={seed}", f"--first={first}", f"--count={count}"]
        self.reproduce = f"python -m {child} DIRECTORY --seed={seed} --first="
        self.process = subprocess.Popen(
            [sys.executable, "-m", child, str(directory), *arguments, f"--corpus={corpus}"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    @property
    def case(self) -> int:
        """The one that the child is at."""
        return int.from_bytes(self._case.read_bytes(), "little")


def _batch(batch: _Batch, report: Report) -> int:
    """Return how many cases were tried; fewer than asked when the child died at the last one."""
    told: queue.Queue[str | None] = queue.Queue()
    assert batch.process.stdout is not None
    reader = threading.Thread(target=_read, args=(batch.process.stdout, told))
    reader.start()
    try:
        ended = _follow(told, batch, report)
    finally:
        if told.empty():  # else it has closed its end, and ends by itself
            batch.process.kill()
        code = batch.process.wait()
        reader.join()
        batch.process.stdout.close()
    if ended:
        return batch.count
    report.fail(f"the child died or hung (exit code {code})", f"{batch.reproduce}{batch.case}")
    tried = batch.case + 1 - batch.first
    report.count("before a death", tried - 1)
    return tried


def _read(stream: IO[str], told: queue.Queue[str | None]) -> None:
    for line in stream:
        told.put(line)
    told.put(None)


def _follow(told: queue.Queue[str | None], batch: _Batch, report: Report) -> bool:
    while True:
        try:
            line = told.get(timeout=SILENCE_SECONDS)
        except queue.Empty:
            return False
        if line is None:
            told.put(None)
            return False
        message: Told = json.loads(line)
        if "fault" in message:
            report.fail(message["fault"], f"{batch.reproduce}{message['case']}")
        elif "outcomes" in message:
            _take_over(message, report)
            return True


def _take_over(message: Told, report: Report) -> None:
    for outcome, number in message["outcomes"].items():
        report.count(outcome, number)
    for figure in ("slowest_seconds", "growth_mb"):
        report.figures[figure] = max(report.figures[figure], message[figure])
    if message["growth_mb"] > pickle_child.MOST_GROWTH_MB:
        report.fail(f"memory grew by {message['growth_mb']} MB", "all of a batch")
