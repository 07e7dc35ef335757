"""Processes that import librosa at once, before numba has compiled anything of it."""

import os
import subprocess
import sys
from pathlib import Path

PITCH = """
import numpy as np
from bot.librosa_loading import load_librosa
tone = np.sin(np.arange(16_000) * 2 * np.pi * 200 / 16_000).astype(np.float32)
print(round(float(np.median(load_librosa().yin(tone, fmin=100, fmax=400, sr=16_000)))))
"""


def test_processes_that_compile_it_at_once_leave_what_every_later_one_can_use(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PITCH]
    together = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    said = [process.communicate(timeout=300)[0] for process in together]
    later = subprocess.run(command, env=environment, capture_output=True, timeout=100, check=True)
    assert [text.strip() for text in [*said, later.stdout]] == [b"200"] * 4
    assert list(tmp_path.rglob("*.nbi"))
