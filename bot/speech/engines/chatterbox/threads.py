"""How torch's threads on a CPU wait for each other between the parts of their work."""

from __future__ import annotations

import os

_TURNS_OF_WAITING = "2000"  # some 30 microseconds


def settle_waiting() -> None:
    """Let them spin a moment, then sleep; to be called before torch is imported, which reads it.

    Who sleeps at once wakes up late: a decoding step has a hundred parts, and took twice as long.
    Who spins on takes a core from whatever else runs: ten times slower on two busy ones. What the
    environment says already stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", _TURNS_OF_WAITING)
