"""One sentence on its way through the engine, with all its attempts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from bot.speech.engines.base import Timings
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.chatterbox.t3.decoder import Decoded
from bot.speech.types import SynthesisRequest

_SEED_STRIDE = 0x9E3779B97F4A7C15  # odd, so that attempts of neighbouring seeds differ
_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Attempt:
    """One decoding of the sentence, and what is wrong with it.

    number: 0 is the first, whose seed is the request's own. oddness: how unusual it is beside other
    takes; see `judge.oddness`. heard: whether `faults` are also those of its samples.
    """

    seed: int
    decoded: Decoded
    faults: tuple[str, ...]
    number: int = 0
    oddness: float = 0.0
    heard: bool = False


@dataclass(eq=False, slots=True)
class Job:
    """A request and what became of it so far.

    seed: of the first attempt; the others follow from it. takes: how many attempts are made to
    choose from. to_begin: numbers of the attempts that are to be decoded.
    prepared: the voice's conditionals.
    began: when the current attempt began, on the clock of `time.perf_counter`. withdrawn: whether
    nobody waits for it any more.
    """

    ticket: int
    request: SynthesisRequest
    seed: int
    prepared: Any = None
    timings: Timings = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    retries: int = 0
    began: float = 0.0
    withdrawn: bool = False
    takes: int = 1
    to_begin: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.to_begin = self.to_begin or list(range(self.takes))

    def seed_of(self, number: int) -> int:
        """Return the seed of an attempt."""
        return (self.seed + number * _SEED_STRIDE) % _SEEDS

    @property
    def best(self) -> Attempt:
        """The attempt that can be heard and has the fewest faults, the first of several.

        Of several takes that are as good, the one whose pace is more usual.
        """
        return min(
            self.attempts,
            key=lambda attempt: (
                judge.SILENT in attempt.faults,
                len(attempt.faults),
                attempt.oddness,
                attempt.number,
            ),
        )

    @property
    def has_other(self) -> bool:
        """Whether there is an attempt beside the best that may be heard in its place."""
        best = self.best
        return any(
            attempt is not best and judge.SILENT not in attempt.faults for attempt in self.attempts
        )

    def note_faults(self, faults: tuple[str, ...]) -> None:
        """Add what was found wrong with the attempt that was made audible."""
        # `best` was it; once it has these faults, another one may be.
        heard = self.attempts.index(self.best)
        attempt = self.attempts[heard]
        self.attempts[heard] = replace(attempt, faults=attempt.faults + faults, heard=True)

    def begin_again(self) -> None:
        """Book what the attempt took as the cost of trying again, and plan the next one."""
        self.to_begin.append(self.takes + self.retries)
        self.retries += 1
        spent = sum(self.timings.pop(stage, 0.0) for stage in ("decode", "vocode"))
        self.timings["retry"] = self.timings.get("retry", 0.0) + spent

    def begin(self) -> None:
        """Start the clock of an attempt."""
        self.began = time.perf_counter()

    def spend(self, stage: str) -> None:
        """Add the time since `begin` or the last call to a stage."""
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0.0) + now - self.began
        self.began = now
