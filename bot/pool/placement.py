"""Which engine takes a sentence: the one that is expected to be done with it first.

Pure functions of what was measured; the pool, and the simulation of `benchmarks.scale`, ask them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Speed:
    """What an engine was measured to need for a sentence, in seconds.

    fixed: whatever its length. per_letter: for each letter of it, as `bot.text.sentences.letters`
    counts them. preparing: in addition, for a voice that is not prepared there. serial: of them
    those in which the engine works on one sentence at a time, as S3Gen does.
    """

    fixed: float
    per_letter: float
    preparing: float = 0.0
    serial: float = 0.0


UNKNOWN = Speed(1.0, 0.0)
"""What an engine is expected to need before any has spoken."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What decides how much work a sentence is.

    letters: see `Speed`. voice: the hash of its clip. slots: that it takes, one for each take.
    """

    letters: int
    voice: str
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Work:
    """A sentence that an engine has: seconds until it is expected to end, and slots it takes."""

    seconds: float
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """An engine as it is just now.

    slots: sentences that it works on together. work: all that it was given and has not done, in any
    order, with what waits for a slot there. speed: None before it has spoken.
    prepared: the clips' hashes of voices that it holds or is preparing. fit: whether it can be
    given anything. company_slows: whether sentences share its speed, as on a CPU; on a GPU a step
    takes as long whatever the number of slots taken is. others: sentences that others gave it.
    """

    name: str
    slots: int = 1
    work: Sequence[Work] = ()
    speed: Speed | None = None
    prepared: Container[str] = field(default_factory=frozenset)
    fit: bool = True
    company_slows: bool = False
    others: int = 0

    @property
    def occupied(self) -> float:
        """The share of its slots that is taken, by whomever."""
        return min(1.0, (self.taken + self.others) / self.slots)

    @property
    def taken(self) -> int:
        """Slots that are taken or asked for."""
        return sum(each.slots for each in self.work)


def choose(engines: Iterable[Facts], cost: Cost) -> Facts | None:
    """Return the engine that is expected to be done with a sentence first; None where none is fit.

    One that was not measured yet is taken to be as quick as the quickest, so that it is tried. Of
    several that are as quick, the one with more free slots, then the one that was given less, then
    the first. What others have waiting does not count: an engine takes what is due first, whoever
    asks, and askers who went out of one another's way would each have an engine for themselves,
    however many servers they have.
    """
    fit = [engine for engine in engines if engine.fit]
    known = [engine.speed for engine in fit if engine.speed is not None]
    usual = min(known, key=lambda speed: alone_seconds(speed, cost), default=None)
    return min(
        fit,
        key=lambda engine: (
            expected_seconds(engine, cost, usual),
            engine.occupied,
            engine.taken / engine.slots,
        ),
        default=None,
    )


def expected_seconds(engine: Facts, cost: Cost, usual: Speed | None = None) -> float:
    """Return in how many seconds an engine would be done with a sentence.

    usual: stands in for the speed of one that was not measured.
    """
    speed = engine.speed or usual or UNKNOWN
    working = alone_seconds(speed, cost)
    if engine.company_slows:
        # They share it: all that begin together end later, by as much as there are of them.
        working *= 1 + min(engine.taken, engine.slots - 1)
    else:
        # All that it has come to that part one after another: `make bench ARGS=scale` shows it.
        working += engine.taken * speed.serial
    preparing = 0.0 if cost.voice in engine.prepared else speed.preparing
    return waiting_seconds(engine, cost.slots) + preparing + working


def waiting_seconds(engine: Facts, slots: int = 1) -> float:
    """Return how long a sentence of so many slots waits for them, behind all that is there."""
    missing = engine.taken + min(slots, engine.slots) - engine.slots
    for work in sorted(engine.work, key=lambda work: work.seconds):
        if missing <= 0:
            break
        missing -= work.slots
        if missing <= 0:
            return max(0.0, work.seconds)
    return 0.0


def alone_seconds(speed: Speed, cost: Cost) -> float:
    """Return what a sentence takes by itself, of a voice that is prepared."""
    return speed.fixed + speed.per_letter * cost.letters
