"""Who talks when, and how much: bursts of texts on many servers, drawn with a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = "wordy "


@dataclass(frozen=True, slots=True)
class Load:
    """How servers talk; times are exponential with these means, in seconds.

    quiet_seconds: between two bursts of a server. texts: of a burst (geometric). gap_seconds:
    between two texts of it. speakers: members who talk in a burst, of `members` with a voice each.
    letters, spread: of a sentence (lognormal: median, sigma), within 20 to 260, the first of a text
    within 100: what `bot.text` cuts a text into. sentences: of a text (geometric).
    one_busy_of: of so many servers one is busy, at least two: it always has two texts more to say.
    """

    quiet_seconds: float = 3600.0
    texts: float = 12.0
    gap_seconds: float = 10.0
    speakers: int = 3
    members: int = 10
    letters: float = 40.0
    spread: float = 0.6
    sentences: float = 1.6
    one_busy_of: int = 500

    @property
    def burst_share(self) -> float:
        """The share of time that a usual server is in a burst."""
        burst = self.texts * self.gap_seconds
        return burst / (burst + self.quiet_seconds)

    def busy_servers(self, servers: int) -> int:
        """Return how many of so many servers are busy."""
        return max(2, servers // self.one_busy_of)

    def text(self, dice: random.Random) -> tuple[str, ...]:
        """Return the sentences of a text."""
        return tuple(self._sentences(dice))

    def _sentences(self, dice: random.Random) -> Iterator[str]:
        for number in range(geometric(dice, self.sentences)):
            letters = self.letters * dice.lognormvariate(0, self.spread)
            yield _sentence(round(min(260 if number else 100, max(20, letters))), dice)


def geometric(dice: random.Random, mean: float) -> int:
    """Return a number from 1 on, geometric."""
    number = 1
    while dice.random() > 1 / mean:
        number += 1
    return number


def _sentence(letters: int, dice: random.Random) -> str:
    """Return a sentence that hardly comes twice, so that it is not found in a cache."""
    words = f"{dice.randrange(10**6)} " + _WORD * (letters // len(_WORD) + 1)
    return words[: letters - 1] + "."
