"""Four words that nobody knows before: who says them is there now, and is no old recording."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

# fmt: off
WORDS: tuple[str, ...] = (
    "adventure", "animal", "astronaut", "avocado", "bakery", "basketball", "bicycle", "breakfast",
    "butterfly", "calendar", "camera", "chocolate", "coffee", "crocodile", "cucumber", "dictionary",
    "dinosaur", "dolphin", "farmer", "forest", "giraffe", "guitar", "hamburger", "helicopter",
    "holiday", "hotel", "hurricane", "ketchup", "keyboard", "magazine", "marathon", "microphone",
    "monkey", "motorcycle", "mountain", "museum", "newspaper", "october", "penguin", "photograph",
    "piano", "pineapple", "popcorn", "potato", "pyramid", "rainbow", "robot", "saxophone",
    "skeleton", "spider", "station", "submarine", "telescope", "toothbrush", "tractor",
    "university", "video", "violin", "volcano", "waterfall", "watermelon", "wedding", "yellow",
    "yesterday",
)
# fmt: on
"""64 English words of two syllables or more that sound unlike each other, that learners know, that
are in pocketsphinx's dictionary and that it hears well ("library" and "sandwich" it did not)."""

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
