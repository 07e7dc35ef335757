"""The stages of one text, from the wish to its end, for the log and for whoever measures."""

from __future__ import annotations

import asyncio

import structlog

from bot.operations.figures import UtteranceFacts
from bot.speech.types import Speech

log = structlog.get_logger(__name__)


class Stages:
    """Notes when a text came, when it was its turn, when it was first heard, and what was made."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._asked = self._now()
        self._turn: float | None = None
        self._first: float | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was made."""
        self._synthesis = self._speech = 0.0
        self._sentences = self._cached = self._retries = 0

    def turn(self) -> None:
        """Note that nothing is heard before it any more."""
        if self._turn is None:
            self._turn = self._now()

    def first_packet(self) -> None:
        """Note that it is heard."""
        if self._first is None:
            self._first = self._now()

    def feed(self, speech: Speech) -> None:
        """Count a sentence."""
        self._sentences += 1
        self._cached += speech.cached
        self._retries += speech.retries
        self._speech += speech.seconds
        self._synthesis += sum(speech.timings.values())

    def facts(self, guild_id: int, rank: str, end: str) -> UtteranceFacts:
        """Return them all, now that it has ended. rank, end: in capitals, of their enumerations."""
        turn = self._turn if self._turn is not None else self._now()
        return UtteranceFacts(
            guild_id=guild_id,
            rank=rank.lower(),
            end=end.lower(),
            queued=turn - self._asked,
            first_packet=self._first - turn if self._first is not None else None,
            synthesis=self._synthesis,
            speech=self._speech,
            sentences=self._sentences,
            cached=self._cached,
            retries=self._retries,
        )


def tell(facts: UtteranceFacts) -> None:
    """Log one line; of what was left out before anything was made, only for debugging."""
    if facts.end == "dropped" and not facts.sentences:
        log.debug("utterance dropped", guild=facts.guild_id, stage="voice", rank=facts.rank)
        return
    first = facts.first_packet
    log.info(
        "utterance",
        guild=facts.guild_id,
        stage="voice",
        rank=facts.rank,
        end=facts.end,
        queued_seconds=round(facts.queued, 3),
        first_packet_seconds=round(first, 3) if first is not None else None,
        synthesis_seconds=round(facts.synthesis, 3),
        seconds=round(facts.speech, 2),
        sentences=facts.sentences,
        cached=facts.cached,
        retries=facts.retries,
    )
