"""Engines that take a known time for a sentence, alone and together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.speech.types import Speech, SynthesisRequest, SynthesisResult

SLOWER_TOGETHER = (1.0, 1.5, 1.9, 2.2)
"""How many times longer a step takes with 1 to 4 texts on two cores, as measured with Chatterbox.
On a GPU a step takes as long for one text as for all."""

_TICK_SECONDS = 0.005


class OneByOne:
    """Takes `seconds` for a sentence, one after another, like Piper."""

    def __init__(self, seconds: float, speech: Speech) -> None:
        self._seconds, self._speech = seconds, speech
        self._turn = asyncio.Lock()  # first come, first served

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return the same speech for each request."""
        async with self._turn:
            await asyncio.sleep(self._seconds * len(batch))
        return [self._speech] * len(batch)


class Together:
    """Works on several sentences at once; each takes `seconds` if it is alone.

    company_slows: whether each takes longer in company, as on two cores.
    """

    slots = len(SLOWER_TOGETHER)

    def __init__(self, seconds: float, speech: Speech, *, company_slows: bool) -> None:
        self._seconds, self._speech = seconds, speech
        self.company_slows = company_slows
        self._at_work = 0

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return the same speech for each request."""
        self._at_work += 1
        try:
            await self._work()
        finally:
            self._at_work -= 1
        return [self._speech] * len(batch)

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        left, last = self._seconds, clock()
        while left > 0:
            await asyncio.sleep(_TICK_SECONDS)
            now = clock()
            left -= (now - last) / self._times_slower()
            last = now

    def _times_slower(self) -> float:
        if not self.company_slows:
            return 1.0
        return SLOWER_TOGETHER[min(self._at_work, self.slots) - 1]
