"""How long to wait before something that failed is tried again."""

from __future__ import annotations

FREE_RESTARTS = 3
"""Failures in a row after which restarts are spaced out, twice as far each time."""

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0


class Backoff:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self.failures = 0

    def fail(self) -> float:
        """Count a failure and return the pause that is due, in s."""
        self.failures += 1
        beyond = self.failures - FREE_RESTARTS
        if beyond <= 0:
            return 0.0
        return min(FIRST_PAUSE_SECONDS * 2.0 ** min(beyond - 1, 30), LONGEST_PAUSE_SECONDS)

    def succeed(self) -> None:
        """Forget the failures."""
        self.failures = 0
