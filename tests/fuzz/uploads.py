"""Damaged uploads through the real media worker, behind its walls.

Each is enrolled or refused with a text for people. A death of the worker is allowed: it is told and
the next takes its place. Never: a connection, a file, a process (wires in the worker end it by
SIGSYS at the first attempt), more time or memory than it may have.
"""

from __future__ import annotations

import asyncio
import contextlib
import linecache
import os
import re
import time
from dataclasses import replace
from pathlib import Path

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
                for number, data in enumerate(kept):
                    await self._try(worker, "kept", data, f"kept input {number}")
                    advance(1)
                for case in range(cases):
                    name, data = mutated(case, self._seed)
                    where = f"mutated({case}, {self._seed}) of {name}"
                    await self._try(worker, name, data, where)
                    advance(1)
                    if self._deaths >= MOST_DEATHS:
                        break
            self._look_at(worker)

    async def _try(self, worker: Worker, name: str, data: bytes, where: str) -> None:
        begun = time.monotonic()
        try:
            await self._wire(worker)
            begun = time.monotonic()
            outcome = await worker.run_within(CASE_SECONDS, attempt, data)
        except WorkerTimeoutError:
            self._report.fail(f"took over {CASE_SECONDS:g} s", where)
            return
        except WorkerDiedError as error:
            self._deaths += 1
            if "SIGSYS" in str(error):
                self._report.fail("opened a file, a connection or a process", where)
            else:
                self._report.count(f"died, told and replaced: {error}")
            return
        finally:
            slowest = self._report.figures["slowest_seconds"]
            took = round(time.monotonic() - begun, 2)
            self._report.figures["slowest_seconds"] = max(slowest, took)
        if outcome.startswith("!"):
            self._report.fail(outcome[1:], where)
        else:
            self._report.count(outcome)
        if self._report.cases % 100 == 0:
            self._look_at(worker)

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
            self._report.fail(f"{used:.0f} MB of memory", "one of the last 100 cases")
        self._report.figures["most_memory_mb"] = max(most, used)


def attempt(data: bytes) -> str:
    """Enrol; what came of it, with a ! where that is wrong. Runs in the worker."""
    from bot.enrolment.pipeline import prepare_sample

    try:
        prepare_sample(data, LIMITS)
    except (AudioFileError, SampleRejectedError) as error:
        return _told(type(error).__name__, str(error))
    except MemoryError:
        return "refused for its memory"
    except MynahError as error:
        return _told("other refusal", str(error))
    except Exception as error:
        return f"!raised {error!r}"
    return "enrolled"


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
