"""Which of the machine's cores an engine takes, where several of them share a CPU."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.speech.engines.cores import usable_cores

_THREADS = "OMP_NUM_THREADS"


def take_share(number: int, engines: int) -> None:
    """Keep this process to its share of the cores that it may use; all where there are too few.

    Libraries take as many threads as there are cores. Those of several engines would wait for one
    another, and spin while they do. number: of this engine, from 0.
    """
    if not hasattr(os, "sched_setaffinity"):
        return  # macOS
    cores = sorted(os.sched_getaffinity(0))
    if engines <= len(cores):
        # Every so manyth: cores that share a unit of computing are half of the machine apart.
        os.sched_setaffinity(0, cores[number::engines])


def take_all() -> None:
    """Let torch, which is not imported yet, use all cores of this process in a Ray actor.

    Ray tells an actor that reserves no core to compute with one thread. What the environment said
    before, in which Ray was started, stays.
    """
    if not _was_told(_THREADS):
        os.environ[_THREADS] = str(usable_cores())


def _was_told(name: str) -> bool:
    """Whether a variable was there when this process began; False where that cannot be read."""
    try:
        told = Path("/proc/self/environ").read_bytes()
    except OSError:
        return False  # macOS
    return any(each.startswith(f"{name}=".encode()) for each in told.split(b"\0"))


def in_turn(steps: Iterable[Callable[[], None]]) -> None:
    """Call one after the other; what begins a worker is one function."""
    for step in steps:
        step()
