"""Four words that nobody knows before: who says them is there now, and is no old recording."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

# fmt: off
WORDS: tuple[str, ...] = (
    "adventure", "airplane", "animal", "astronaut", "autumn", "avocado", "bakery", "bicycle",
    "breakfast", "butterfly", "calendar", "camera", "chocolate", "coffee", "computer", "crocodile",
    "cucumber", "dictionary", "dinosaur", "dolphin", "elephant", "envelope", "evening", "farmer",
    "forest", "giraffe", "guitar", "helicopter", "holiday", "hotel", "kangaroo", "ketchup",
    "library", "magazine", "monkey", "mountain", "museum", "newspaper", "october", "penguin",
    "photograph", "piano", "potato", "pyramid", "rainbow", "river", "robot", "sandwich",
    "spider", "station", "strawberry", "toothbrush", "tractor", "umbrella", "university", "vanilla",
    "video", "violin", "volcano", "waterfall", "wedding", "yellow", "yesterday", "zebra",
)
# fmt: on
"""64 English words of two syllables or more that sound unlike each other, that learners know and
that are in pocketsphinx's dictionary."""

COUNT = 4
VALID_FOR = timedelta(minutes=10)
"""From the drawing to the end of the recording: time to read, to begin anew and to speak."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Words to be said, in this order, and when they were drawn (UTC).

    drawn: likewise, in s of `time.monotonic`: whether it is too old does not depend on a clock that
    somebody sets.
    """

    words: tuple[str, ...]
    made_at: datetime
    drawn: float = field(default_factory=lambda: time.monotonic(), compare=False, repr=False)

    def expired(self, now: float | None = None) -> bool:
        """Whether it is too old for what is recorded `now` (by default the present)."""
        age = (time.monotonic() if now is None else now) - self.drawn
        return not 0 <= age < VALID_FOR.total_seconds()

    def __str__(self) -> str:
        """Return the words as they are shown and said."""
        return ", ".join(self.words)


def draw(now: datetime | None = None) -> Challenge:
    """Return four different words that nobody can foretell."""
    words = secrets.SystemRandom().sample(WORDS, COUNT)
    return Challenge(tuple(words), now or datetime.now(UTC))
