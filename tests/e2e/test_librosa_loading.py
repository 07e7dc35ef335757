"""Processes that import librosa at once, before numba has compiled anything of it.

Compiling the real one takes half a minute and seldom goes wrong; a small package in its place shows
for certain whether two processes are in it at once, and has numba compile and keep a function.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBROSA = """
import os
import numba

def tell(what):
    with open(os.environ["TOLD"], "a") as told:
        print(what, os.getpid(), file=told)

tell("imported")

@numba.njit(cache=True)
def sum_of(samples):
    total = 0.0
    for sample in samples:
        total += sample
    return total

def yin(samples, **_):
    tell("called")
    return sum_of(samples)

def __getattr__(name):
    if name == "resample":
        tell("has all parts")
        return None
    raise AttributeError(name)
"""
LOAD = """
import numpy as np
from bot.librosa_loading import load_librosa
print(load_librosa().sum_of(np.ones(200, np.float32)))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where librosa is the small package, and nothing is compiled yet."""
    (tmp_path / "librosa.py").write_text(LIBROSA)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    told, kept = str(tmp_path / "told"), str(tmp_path / "kept")
    return {**os.environ, "PYTHONPATH": path, "TOLD": told, "NUMBA_CACHE_DIR": kept}


def load(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", LOAD]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def steps(told: Path) -> Iterator[tuple[list[str], set[str]]]:
    """What three lines at a time tell, and which processes told it."""
    lines = [line.rsplit(" ", 1) for line in told.read_text().splitlines()]
    for begin in range(0, len(lines), 3):
        three = lines[begin : begin + 3]
        yield [what for what, _ in three], {process for _, process in three}


def test_processes_that_compile_it_at_once_leave_what_every_later_one_can_use(
    environment: dict[str, str],
) -> None:
    said = [process.communicate(timeout=100)[0] for process in [load(environment) for _ in "123"]]
    later = load(environment)
    said.append(later.communicate(timeout=100)[0])
    assert [text.strip() for text in said] == [b"200.0"] * 4
    assert list(Path(environment["NUMBA_CACHE_DIR"]).rglob("*.nbi"))
    # One after another, from its import until it has all parts.
    for what, processes in steps(Path(environment["TOLD"])):
        assert what == ["imported", "called", "has all parts"]
        assert len(processes) == 1
