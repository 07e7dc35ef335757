"""What happened when, for whoever watches."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Timeline:
    """Prints each step with the seconds since the start."""

    start: float = field(default_factory=time.monotonic)

    def note(self, what: str) -> None:
        """Print a step that is done."""
        print(f"{time.monotonic() - self.start:8.2f} s  {what}", flush=True)


def milliseconds(since: float) -> str:
    """Return the time since then."""
    return f"{1000 * (time.monotonic() - since):.0f} ms"
