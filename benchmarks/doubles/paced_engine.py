"""An engine for the actors of a cluster whose sentences all cost the same, in slots.

The packets are no Opus; nobody decodes them. It notes when it made a sentence, and for whom.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bot.speech.types import (
    PACKET_SECONDS,
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
)

SENTENCE_SECONDS = 2.0
"""Of what is heard of each."""

SLOTS = 4
PACKET = bytes(range(120))


class PacedEngine:
    """A `ContinuousEngine`. notes: a file of lines, each a time in ns since 1970 and a server."""

    info = EngineInfo(
        "piper", "paced", "cuda", clones=False, reason="", load_seconds=0.0, slots=SLOTS
    )

    def __init__(self, cost_seconds: float, notes: Path) -> None:
        self._cost_seconds, self._notes = cost_seconds, notes
        self._under_way: dict[int, tuple[float, int]] = {}  # when it ends, and for whom it is
        packets = (PACKET,) * round(SENTENCE_SECONDS / PACKET_SECONDS)
        self._speech = Speech(packets, SENTENCE_SECONDS)

    @property
    def busy(self) -> bool:
        """Whether sentences are under way."""
        return bool(self._under_way)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Begin a sentence."""
        self._under_way[ticket] = time.monotonic() + self._cost_seconds, request.guild_id

    def withdraw(self, ticket: int) -> None:
        """Give a sentence up."""
        self._under_way.pop(ticket, None)

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Wait for what ends first, for so many seconds; return what is done."""
        if not self._under_way:
            return []
        first = min(end for end, _ in self._under_way.values())
        time.sleep(min(seconds, max(0.0, first - time.monotonic())))
        now = time.monotonic()
        done = [ticket for ticket, (end, _) in self._under_way.items() if end <= now]
        self._note([self._under_way.pop(ticket)[1] for ticket in done])
        return [(ticket, self._speech) for ticket in done]

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Speak the requests together."""
        time.sleep(self._cost_seconds)
        return [self._speech] * len(batch)

    def close(self) -> None:
        """Nothing is open."""

    def _note(self, servers: Sequence[int]) -> None:
        # Appended in one write, so that actors do not cut each other's lines.
        with self._notes.open("a", encoding="ascii") as file:
            file.write("".join(f"{time.time_ns()} {server}\n" for server in servers))


def open_paced(cost_seconds: float, notes: Path, _spec: EngineSpec) -> PacedEngine:
    """Open it; to be bound to its first two arguments, as an `EngineOpener`."""
    return PacedEngine(cost_seconds, notes)
