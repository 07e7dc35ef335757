"""What each process of the program holds over time, and whether it grows."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

MOST_GROWTH, MOST_EARLY_GROWTH = 0.05, 0.15
SETTLED_MINUTES = 45.0
"""Buttons and dialogs live for 15 minutes, connections' buffers and caches fill meanwhile: in a
shorter run what is left after the warm-up is still part of it."""

WARM_UP = 0.3
"""Of a process's time: caches fill, arenas of malloc reach their size."""

LEAST_SAMPLES = 40
"""Of a process; of one that lived shorter nothing is said."""

MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. at: s since the start. resident: MB, of its own and shared; tasks: of the bot."""

    at: float
    resident: float
    threads: int
    descriptors: int
    tasks: int = 0


@dataclass
class Series:
    """The samples of a process."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    def warm(self) -> list[Sample]:
        """Return those after the warm-up."""
        return self.samples[round(len(self.samples) * WARM_UP) :]

    def change(self, what: str) -> tuple[float, float]:
        """Return the medians of the first and the last third after the warm-up."""
        values = [float(getattr(sample, what)) for sample in self.warm()]
        third = max(1, len(values) // 3)
        return statistics.median(values[:third]), statistics.median(values[-third:])

    def growth(self, what: str) -> float:
        """Return by which part the median grew."""
        before, after = self.change(what)
        return (after - before) / max(before, 1.0)

    def complaints(self, most_growth: float = MOST_GROWTH) -> list[str]:
        """Return what grew that must not."""
        if len(self.samples) < LEAST_SAMPLES:
            return []
        grown = []
        if self.growth("resident") > most_growth:
            grown.append(f"{self.name}: resident memory {self._words('resident')} MB")
        for what, slack in (("threads", 2), ("descriptors", 6), ("tasks", 8)):
            before, after = self.change(what)
            if after > before + slack:
                grown.append(f"{self.name}: {what} {self._words(what)}")
        return grown

    def _words(self, what: str) -> str:
        before, after = self.change(what)
        return f"{before:.0f} -> {after:.0f}"

    def to_json(self) -> dict[str, Any]:
        """Return the figures, and at most some 120 samples."""
        step = max(1, len(self.samples) // 120)
        figures = {w: self.change(w) for w in ("resident", "threads", "descriptors", "tasks")}
        enough = len(self.samples) >= LEAST_SAMPLES
        return {
            "name": self.name,
            "medians_after_warm_up": figures if enough else None,
            "memory_growth": round(self.growth("resident"), 4) if enough else None,
            "samples": [asdict(sample) for sample in self.samples[::step]],
        }


def most_growth(minutes: float) -> float:
    """Return by which part resident memory may grow in a run of so many minutes."""
    return MOST_GROWTH if minutes >= SETTLED_MINUTES else MOST_EARLY_GROWTH


class Watch:
    """Looks at a process and its children. tasks: the file that the program writes."""

    def __init__(self, pid: int, tasks: Path) -> None:
        self._process = psutil.Process(pid)
        self._tasks = tasks
        self.series: dict[int, Series] = {}

    def look(self, at: float) -> None:
        """Take one sample of each."""
        for process in [self._process, *self._process.children(recursive=True)]:
            try:
                self._sample(process, at)
            except psutil.Error:
                continue  # it ended meanwhile

    def workers(self) -> list[psutil.Process]:
        """Return the children that work."""
        return [p for p in self._process.children(recursive=True) if _name(p) != "tracker"]

    def _sample(self, process: psutil.Process, at: float) -> None:
        name = "bot" if process.pid == self._process.pid else _name(process)
        series = self.series.setdefault(process.pid, Series(name))
        with process.oneshot():
            resident = process.memory_info().rss / MEBIBYTE
            threads, descriptors = process.num_threads(), process.num_fds()
        tasks = self._tasks_now() if name == "bot" else 0
        series.samples.append(Sample(round(at, 1), round(resident, 1), threads, descriptors, tasks))

    def _tasks_now(self) -> int:
        return sum(json.loads(self._tasks.read_text()).values()) if self._tasks.exists() else 0


def _name(process: psutil.Process) -> str:
    last = process.cmdline()[-1:]
    return last[0] if last and last[0].endswith("worker") else "tracker"
