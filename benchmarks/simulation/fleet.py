"""Cards behind the bot's own pool, which decides which of them takes a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from benchmarks.simulation.card import Card
from bot.pool.pool import EnginePool
from bot.speech.types import SynthesisRequest, SynthesisResult


class _Member:
    """As much of `bot.pool.member.Member` as a pool asks of an engine that is never lost."""

    info = None
    ready = True
    company_slows = False  # as a GPU says of itself
    withdraws = True

    def __init__(self, name: str, card: Card) -> None:
        self.name, self._card = name, card
        self.slots = card.costs.slots
        self.on_slots: Callable[[], None] | None = None

    async def try_once(
        self, batch: Sequence[SynthesisRequest], *, alone: bool = False
    ) -> list[SynthesisResult]:
        """Return one speech per request."""
        return await self._card.synthesize(batch)

    async def close(self) -> None:
        """End nothing."""


def pool_of(cards: Sequence[Card]) -> EnginePool:
    """Return a pool of cards, on the running loop's clock."""
    members = [_Member(f"card {number}", card) for number, card in enumerate(cards)]
    return EnginePool(cast(Any, members), clock=asyncio.get_running_loop().time)
