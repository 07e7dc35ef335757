"""A sentence that a guild waits for, as the scheduler keeps it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.speech.types import SynthesisRequest, SynthesisResult

Due = Callable[[], float]
"""When a sentence is needed, in seconds of the event loop's clock, as things stand now."""


@dataclass(eq=False)
class Turn:
    """A sentence that somebody waits for; a `bot.speech.turn_order.Contender`.

    ahead: whether it was asked for while an earlier one of its guild was waited for. opening:
    whether its guild hears nothing until it is made, because nothing was said before.
    asked: when, in seconds of the event loop's clock. needed: when it was due as it stood when it
    was asked for, or its guild's sentence before it was made. task: while the synthesizer has it.
    yielding: whether the task was told to make room. most_takes: see `FairScheduler`.
    """

    request: SynthesisRequest
    guild_id: int
    due: Due
    order: int
    ahead: bool = False
    opening: bool = False
    asked: float = 0.0
    needed: float = math.inf
    result: asyncio.Future[SynthesisResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    task: asyncio.Task[None] | None = None
    yielding: bool = False
    most_takes: Callable[[], int] | None = None

    def slots(self, most: int) -> int:
        """Return how many of `most` slots it takes: one for each take that is made."""
        takes = self.request.settings.takes or 1
        if takes > 1 and self.most_takes is not None:
            takes = min(takes, self.most_takes())
        return min(takes, most)

    def note_need(self) -> None:
        """Take note of when it is due as things stand."""
        self.needed = self.due()

    def due_since(self) -> float:
        """Return when it is due; where its guild hears nothing any more, since when.

        A due time of now says nothing to an engine that compares it with those of other bots: what
        has waited for long here would come after what was sent there a moment ago.
        """
        due = self.due()
        overdue = due <= asyncio.get_running_loop().time()
        return min(due, self.needed) if overdue else due

    @property
    def under_way(self) -> bool:
        """Whether the synthesizer has it."""
        return self.task is not None

    @property
    def waited_for(self) -> bool:
        """Whether its result is still to come, and somebody wants it."""
        return not self.result.done()


def rank_of(turn: Turn, turns: Sequence[Turn]) -> int:
    """Return how many sentences that are heard before `turn` in its guild are waited for."""
    place = turn.due(), turn.order
    own = (other for other in turns if other.guild_id == turn.guild_id and other.waited_for)
    return sum((other.due(), other.order) < place for other in own)
