"""What is done when more chat waits than can be heard soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_HURRY = 1.5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a queue and was not begun. chatter: whether it may be dropped at all."""

    seconds: float
    chatter: bool


def hurry(waiting_seconds: float, longest_wait: float) -> float:
    """Return by what factor to speak faster: 1 up to half the longest wait, 1.5 from it on."""
    half = longest_wait / 2
    return 1 + (MOST_HURRY - 1) * min(1.0, max(0.0, (waiting_seconds - half) / half))


def to_drop(waiting: Sequence[Waiting], longest_wait: float) -> tuple[int, ...]:
    """Return which of what waits, oldest first, are dropped so that the rest can be heard in time.

    Only chatter is counted and dropped, the oldest first; the newest of it always stays.
    """
    chatter = [index for index, each in enumerate(waiting) if each.chatter]
    seconds = sum(waiting[index].seconds for index in chatter)
    dropped = []
    for index in chatter[:-1]:
        if seconds <= longest_wait:
            break
        dropped.append(index)
        seconds -= waiting[index].seconds
    return tuple(dropped)
