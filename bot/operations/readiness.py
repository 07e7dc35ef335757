"""Whether the bot is ready: it is connected, and real speech was made of late.

Where nobody spoke for a while, somebody who asks has a word spoken, behind everything that a
channel waits for. Nobody asks: nothing is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import MynahError
from bot.operations.figures import SentenceFacts, UtteranceFacts
from bot.operations.vitals import Vitals

log = structlog.get_logger(__name__)

LATELY_SECONDS = 300.0
"""Speech that was made within this time shows that the engine works."""

PROBE_SECONDS = 60.0
"""How long a probe may take, and the least time between two."""

PATIENCE_SECONDS = 4.0
"""How long whoever asks waits for a probe; a container's health check allows more."""

_Probe = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer. reason: why not; "" where it is ready."""

    ready: bool
    reason: str = ""


class ReadinessCheck:
    """An observer of sentences that probes where there are none."""

    def __init__(
        self,
        vitals: Vitals,
        probe: _Probe,
        clock: Callable[[], float],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """probe: speaks one word, or raises MynahError. clock: seconds, monotonic."""
        self._vitals, self._probe, self._clock = vitals, probe, clock
        self._patience = patience_seconds
        self._spoke: float | None = None
        self._failure = ""
        self._began: float | None = None  # the last probe
        self._probing: asyncio.Task[None] | None = None

    def sentence(self, facts: SentenceFacts) -> None:
        """Note that the engine spoke. One sentence that fails says nothing about the engine."""
        if facts.speech is not None:
            self._spoke, self._failure = self._clock(), ""

    def utterance(self, facts: UtteranceFacts) -> None:
        """Nothing that concerns it."""

    def refused(self, kind: str) -> None:
        """Nothing that concerns it."""

    async def ask(self) -> Readiness:
        """Return whether the bot is ready, after a probe where that is not known."""
        unready = self._unready()
        if unready:
            return Readiness(False, unready)
        if self._lately():
            return Readiness(True)
        probing = self._begin()
        if probing is not None:
            await asyncio.wait([probing], timeout=self._patience)
        return self._judge()

    async def close(self) -> None:
        """End a probe that is under way."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    def _unready(self) -> str:
        reading = self._vitals.reading()
        if not reading.connected:
            return "not connected to Discord"
        return "" if reading.engine.ready else "the engine is not loaded"

    def _lately(self) -> bool:
        return self._spoke is not None and self._clock() - self._spoke < LATELY_SECONDS

    def _begin(self) -> asyncio.Task[None] | None:
        """Have a word spoken, unless that goes on or was tried just now."""
        if self._probing is not None and not self._probing.done():
            return self._probing
        if self._began is not None and self._clock() - self._began < PROBE_SECONDS:
            return None
        self._began = self._clock()
        self._probing = asyncio.create_task(self._speak(), name="readiness-probe")
        return self._probing

    async def _speak(self) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probe()
        except TimeoutError:
            self._failure = f"no speech within {PROBE_SECONDS:g} s"
        except (MynahError, OSError) as error:
            log.warning("no word could be spoken to see whether the bot is ready", stage="engine",
                        error=str(error))  # fmt: skip
            self._failure = "speech failed; the log says why"
        else:
            self._spoke, self._failure = self._clock(), ""

    def _judge(self) -> Readiness:
        if self._lately():
            return Readiness(True)
        if self._failure:
            return Readiness(False, self._failure)
        if self._spoke is not None and self._probing is not None and not self._probing.done():
            return Readiness(True)  # it worked before, and the engine is at work for others
        return Readiness(False, "nothing was spoken yet")
