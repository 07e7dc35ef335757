"""An engine for the worker's child that works on several sentences in steps, and says in which."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)


class ContinuousEngine:
    """Takes a step per character of a text, all texts together.

    The packet of a sentence names the texts that were under way when it ended.
    """

    info = EngineInfo(
        "piper", "steps", "cpu", clones=False, reason="test", load_seconds=0.0, slots=4
    )

    def __init__(self) -> None:
        self._left: dict[int, tuple[int, SynthesisRequest]] = {}

    @property
    def busy(self) -> bool:
        return bool(self._left)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        if request.text == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        self._left[ticket] = len(request.text), request

    def withdraw(self, ticket: int) -> None:
        self._left.pop(ticket, None)

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        del seconds
        under_way = ",".join(request.text for _, request in self._left.values()).encode()
        self._left = {ticket: (left - 1, what) for ticket, (left, what) in self._left.items()}
        done = [ticket for ticket, (left, _) in self._left.items() if left == 0]
        for ticket in done:
            del self._left[ticket]
        return [(ticket, Speech((under_way,), 0.02)) for ticket in done]

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        if any(request.text == "crash" for request in batch):
            os.kill(os.getpid(), signal.SIGKILL)
        return [Speech((b"alone",), 0.02) for _ in batch]

    def close(self) -> None:
        pass


def open_continuous(_spec: EngineSpec) -> ContinuousEngine:
    return ContinuousEngine()


def sentence(text: str) -> SynthesisRequest:
    return SynthesisRequest(text, VoiceReference(Path("unused"), ""))
