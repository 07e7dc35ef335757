"""`make demo ENGINE=nano-random`: the whole way of a cloned voice, but for the weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]
TEXT = "Good morning, everyone. [laugh]"


def demo(folder: Path, engine: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ENGINE": engine, "TEXT": TEXT}
    return subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(1800)  # libraries are loaded by three processes
def test_a_voice_is_enrolled_cloned_and_heard(tmp_path: Path) -> None:
    run = demo(tmp_path, "nano-random")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Save pressed, voice stored" in run.stdout
    heard = re.search(r"Heard +(\S+) s in \d+ packets, 0 unreadable", run.stdout)
    assert heard is not None, run.stdout
    samples, _ = soundfile.read(tmp_path / "demo.wav")
    assert np.abs(samples).max() > 0.01
    # No word of a preview, which is what the embedded engine says of itself.
    assert "preview" not in run.stdout


def test_another_engine_is_refused_with_what_there_is(tmp_path: Path) -> None:
    run = demo(tmp_path, "nano")
    assert run.returncode == 2
    assert "'nano-random'" in run.stderr
    assert list(tmp_path.iterdir()) == []
