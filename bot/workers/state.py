"""Whether the system stopped a child, such as by SIGSTOP.

The kernel is asked, not the child: a worker that imports torch or computes in C may hold Python's
lock, and with it any sign of life, for many seconds, and is well.
"""

from __future__ import annotations

import os

LOOKS = 5
"""In a row, after which a stopped child counts as lost. Looks, not seconds: whoever is stopped
together with its children (Ctrl-Z) must not take them for lost when all go on again."""


class StopWatch:
    """Looks at one child now and then."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen = 0

    def looks_stopped(self) -> bool:
        """Look once more; whether the child was stopped each time of late."""
        self._seen = self._seen + 1 if is_stopped(self._pid) else 0
        return self._seen >= LOOKS


def is_stopped(pid: int) -> bool:
    """Whether a child of this process is stopped; False where the system cannot tell."""
    if not hasattr(os, "waitid"):  # macOS, before Python 3.13
        return False
    try:
        # WNOWAIT: a look that takes nothing from whoever waits for the child.
        found = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # it has ended
        return False
    return found is not None
