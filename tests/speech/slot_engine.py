"""An engine with slots for the scheduler's tests: what a test lets end ends, and all is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference

VOICE = VoiceReference(Path("clip"), "0" * 64)
SECONDS = 2.0


def speech_of(text: str) -> Speech:
    """Return a speech that says of which text it is."""
    return Speech((text.encode(),), SECONDS)


class SlotEngine:
    """Keeps each sentence until the test finishes it.

    begun: every sentence that was handed over, in order. in_flight: those it works on now.
    given_up: those whose caller left.
    """

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.in_flight: dict[str, asyncio.Event] = {}
        self.given_up: list[str] = []
        self.requests: list[SynthesisRequest] = []

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        (request,) = batch
        text = request.text
        assert text not in self.in_flight
        self.begun.append(text)
        self.requests.append(request)
        self.in_flight[text] = asyncio.Event()
        try:
            await self.in_flight[text].wait()
        except asyncio.CancelledError:
            self.given_up.append(text)
            raise
        finally:
            del self.in_flight[text]
        return [speech_of(text)]

    async def finish(self, *texts: str) -> None:
        """Let these sentences end, or all that are in flight, and what follows happen."""
        for text in texts or tuple(self.in_flight):
            self.in_flight[text].set()
        await settle()


async def settle() -> None:
    """Let everything happen that can happen by itself."""
    for _ in range(30):
        await asyncio.sleep(0)
