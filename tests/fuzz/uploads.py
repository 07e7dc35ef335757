"""Damaged uploads through the real media worker, behind its walls.

Each is decoded (one in 25 enrolled) or refused with a text for people. A death of the worker is
allowed: it is told and the next takes its place. Never: a connection, a file, a process (wires in
the worker end it by SIGSYS at the first attempt), more time or memory than it may have.
"""

from __future__ import annotations

import asyncio
import contextlib
import linecache
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog

from bot.app import open_media_worker
from bot.config import Settings
from bot.confinement import bpf, seccomp
from bot.confinement.bpf import Instruction
from bot.confinement.libc import MACHINES, machine
from bot.confinement.seccomp import ALL
from bot.enrolment.types import AudioFileError, EnrolmentLimits, SampleRejectedError
from bot.errors import MynahError
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError
from tests.endurance import progress
from tests.fuzz import targets
from tests.fuzz.report import Report
from tests.fuzz.upload_inputs import CONTAINERS, mutated, upload

NAME = "uploads"
CASES = 20_000 * len(CONTAINERS)
QUICK = 0  # starting the worker takes longer than all of the others; tests/e2e has it

ROOT = Path(__file__).parents[2]

LIMITS = replace(EnrolmentLimits(), min_speech_seconds=0.3)
CASE_SECONDS = 60.0
WIRED = ("socket", "socketpair", "connect", "bind", "open", "openat", "fork", "vfork", "execve")
MOST_DEATHS = 50

TOGETHER = 20
"""Uploads of one call: asking takes longer than decoding."""

WHOLE_EVERY = 25
"""Of each container, one in so many goes through all of enrolment."""


@dataclass(frozen=True, slots=True)
class Case:
    """where: how it is made again. whole: enrol it; else only decode it."""

    data: bytes
    where: str
    whole: bool


def run(cases: int, seed: int, corpus: Path) -> Report:
    """Try what is kept, then so many damaged uploads."""
    report = Report()
    report.figures |= {"slowest_seconds": 0.0, "most_memory_mb": 0.0, "containers": len(CONTAINERS)}
    with structlog.testing.capture_logs():  # standard output is for the report
        asyncio.run(_Run(report, seed).all(cases, targets.kept(corpus)))
    return report


class _Run:
    """One worker after the other, and what they said."""

    def __init__(self, report: Report, seed: int) -> None:
        self._report = report
        self._seed = seed
        self._wired: int | None = None
        self._deaths = 0

    async def all(self, cases: int, kept: list[bytes]) -> None:
        settings = Settings()
        self._most_mb = settings.enrolment.worker_memory_mb
        async with open_media_worker(settings) as worker:
            with progress(cases + len(kept), NAME) as advance:
                for batch in batches(cases, self._seed, kept):
                    await self._try_together(worker, batch)
                    self._look_at(worker)
                    advance(len(batch))
                    if self._deaths >= MOST_DEATHS:
                        break

    async def _try_together(self, worker: Worker, batch: list[Case]) -> None:
        """Try a batch in one call; each by itself where that call ended badly."""
        if len(batch) > 1:
            await self._wire(worker)
            call = [(case.data, case.whole) for case in batch]
            with contextlib.suppress(WorkerTimeoutError, WorkerDiedError):
                outcomes = await worker.run_within(CASE_SECONDS, attempt_all, call)
                for case, (outcome, seconds) in zip(batch, outcomes, strict=True):
                    self._note(outcome, seconds, case.where)
                return
        for case in batch:
            await self._try(worker, case)

    async def _try(self, worker: Worker, case: Case) -> None:
        try:
            await self._wire(worker)
            call = [(case.data, case.whole)]
            ((outcome, seconds),) = await worker.run_within(CASE_SECONDS, attempt_all, call)
        except WorkerTimeoutError:
            self._report.fail(f"took over {CASE_SECONDS:g} s", case.where)
        except WorkerDiedError as error:
            self._deaths += 1
            if "SIGSYS" in str(error):
                self._report.fail("opened a file, a connection or a process", case.where)
            else:
                self._report.count(f"died, told and replaced: {error}")
        else:
            self._note(outcome, seconds, case.where)

    def _note(self, outcome: str, seconds: float, where: str) -> None:
        figures = self._report.figures
        figures["slowest_seconds"] = max(figures["slowest_seconds"], round(seconds, 2))
        if outcome.startswith("!"):
            self._report.fail(outcome[1:], where)
        else:
            self._report.count(outcome)

    async def _wire(self, worker: Worker) -> None:
        if worker.pid == self._wired and worker.pid is not None:
            return
        for kind in CONTAINERS:  # whatever is imported at first use is imported now
            await worker.run(attempt, upload(*kind))
        await worker.run(attempt, b"no sound")
        await worker.run(lay_wires)
        self._wired = worker.pid

    def _look_at(self, worker: Worker) -> None:
        used = _peak_mb(worker.pid)
        most = self._report.figures["most_memory_mb"]
        if used > self._most_mb and used > most:
            self._report.fail(f"{used:.0f} MB of memory", "one of the last batch")
        self._report.figures["most_memory_mb"] = max(most, used)


def batches(cases: int, seed: int, kept: list[bytes]) -> Iterator[list[Case]]:
    """Yield what is kept, each by itself, then the damaged ones, some together."""
    for number, data in enumerate(kept):
        yield [Case(data, f"kept input {number}", whole=True)]
    for first in range(0, cases, TOGETHER):
        batch = []
        for number in range(first, min(first + TOGETHER, cases)):
            name, data = mutated(number, seed)
            whole = number // len(CONTAINERS) % WHOLE_EVERY == 0
            batch.append(Case(data, f"mutated({number}, {seed}) of {name}", whole))
        yield batch


def attempt_all(uploads: list[tuple[bytes, bool]]) -> list[tuple[str, float]]:
    """Try uploads, the marked ones whole; return outcomes and seconds. Runs in the worker."""
    results = []
    for data, whole in uploads:
        begun = time.monotonic()
        outcome = attempt(data) if whole else attempt_decoding(data)
        results.append((outcome, time.monotonic() - begun))
    return results


def attempt(data: bytes) -> str:
    """Enrol; what came of it, with a ! where that is wrong. Runs in the worker."""
    from bot.enrolment.pipeline import prepare_sample

    return _outcome("enrolled", lambda: prepare_sample(data, LIMITS))


def attempt_decoding(data: bytes) -> str:
    """Decode to the end, where FFmpeg is; what comes after it sees samples, not bytes."""
    from bot.enrolment.decode import MAX_LEVEL, decode

    def all_in_range() -> None:
        for chunk in decode(data, LIMITS):
            assert np.abs(chunk.samples).max(initial=0.0) <= MAX_LEVEL  # False for NaN, too

    return _outcome("decoded", all_in_range)


def _outcome(done: str, work: Callable[[], object]) -> str:
    try:
        work()
    except (AudioFileError, SampleRejectedError) as error:
        return _told(type(error).__name__, str(error))
    except MemoryError:
        return "refused for its memory"
    except MynahError as error:
        return _told("other refusal", str(error))
    except Exception as error:
        return f"!raised {error!r}"
    return done


def _told(kind: str, text: str) -> str:
    clear = re.fullmatch(r"[A-Z].{20,1500}\.", text, re.DOTALL) and "Traceback" not in text
    if not clear or os.fspath(ROOT) in text or ".py" in text:
        return f"!is refused with an unclear text: {text!r}"
    return "not processed (logged)" if "could not be processed" in text else kind


def lay_wires() -> None:
    """Have the kernel end this process at its first attempt to open anything."""
    linecache.updatecache = lambda *_: []  # type: ignore[assignment]  # tracebacks read sources
    name = machine()
    numbers = [ALL[call][MACHINES.index(name)] for call in WIRED]
    end = (Instruction(bpf.RETURN, bpf.KILL),)
    rules = [(number, end) for number in numbers if number is not None]
    seccomp.install(bpf.assemble(name, rules, seccomp.HIGHEST))


def _peak_mb(pid: int | None) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return round(int(line.split()[1]) / 1024, 1)
    return 0.0
