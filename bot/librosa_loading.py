"""librosa, imported by one process at a time.

numba keeps what it compiles for librosa in files that it writes without a lock. Of two processes
that import librosa for the first time, one may then run the other's code and end by SIGSEGV, and so
does every later one (numba 0.61).
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import importlib.util
from collections.abc import Iterator
from types import ModuleType

import numpy as np


@functools.cache
def load_librosa() -> ModuleType:
    """Return librosa, compiled. For workers only: it takes seconds, at the first time many."""
    with _alone():
        import librosa

        # It imports its parts when they are asked for, and compiles some when they are called.
        librosa.yin(np.ones(2048, np.float32), fmin=100, fmax=400, sr=16_000, frame_length=1024)
        _ = librosa.resample
    return librosa


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait for the other processes of this machine that import librosa from the same place."""
    with contextlib.ExitStack() as stack:
        spec = importlib.util.find_spec("librosa")
        with contextlib.suppress(OSError):  # a file system without locks
            file = stack.enter_context(open(str(spec and spec.origin), "rb"))  # noqa: PTH123
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
