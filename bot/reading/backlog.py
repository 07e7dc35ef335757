"""What is done when more chat waits than can be heard soon."""

from __future__ import annotations

MOST_HURRY = 1.5


def hurry(waiting_seconds: float, longest_wait: float) -> float:
    """Return by what factor to speak faster: 1 up to half the longest wait, 1.5 from it on.

    In steps of a tenth, so that phrases that come often are found again in the same speed.
    """
    half = longest_wait / 2
    return round(1 + (MOST_HURRY - 1) * min(1.0, max(0.0, (waiting_seconds - half) / half)), 1)


class LeftOut:
    """How many messages were dropped that nobody was told of.

    One notice at a time waits in the queue, like what it tells of, and may be dropped with it.
    untold: so many by now.
    """

    def __init__(self) -> None:
        self.untold = 0
        self._notice_waits = False

    def dropped(self, texts: int) -> bool:
        """Hear of texts that were dropped, notices among them; whether a notice is needed."""
        self.untold += texts
        needed = not self._notice_waits and self.untold > 0
        self._notice_waits = self._notice_waits or needed
        return needed

    def take(self) -> int:
        """Return how many a notice tells of, whose synthesis begins."""
        untold, self.untold = self.untold, 0
        self._notice_waits = False
        return untold

    def no_notice(self) -> None:
        """Hear that there can be none now; what was left out is told with the next."""
        self._notice_waits = False

    def notice_dropped(self, told: int) -> None:
        """Hear that a notice was dropped, whether it had begun or not.

        What it told of is untold. It is counted among the texts that were dropped, and is none.
        """
        self._notice_waits = False
        self.untold += told - 1
