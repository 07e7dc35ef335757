"""Engines for the actors of the tests: of a fixed cost, and that keep what they are sent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from bot.speech.types import EngineInfo, EngineSpec, Speech, SynthesisRequest, SynthesisResult
from storage.clips import decode_content

SENTENCE_SECONDS = 0.5


class FixedCostEngine:
    """Speaks one sentence at a time, in `SENTENCE_SECONDS`; says in which process."""

    info = EngineInfo("piper", "fixed", "cpu", clones=False, reason="test", load_seconds=0.0)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        return [self._speak(request) for request in batch]

    def close(self) -> None:
        pass

    def _speak(self, request: SynthesisRequest) -> Speech:
        if request.text == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if request.text != "quick":
            time.sleep(SENTENCE_SECONDS)
        return Speech((str(os.getpid()).encode(), request.text.encode()), 0.04)


class CloningEngine(FixedCostEngine):
    """Speaks the hashes of the clips that it has prepared from what it was sent."""

    info = EngineInfo("chatterbox", "fixed", "cpu", clones=True, reason="test", load_seconds=0.0)

    def __init__(self) -> None:
        self._prepared: set[str] = set()

    def forget(self, clip_sha256: str) -> None:
        self._prepared.discard(clip_sha256)

    def _speak(self, request: SynthesisRequest) -> Speech:
        voice = request.voice
        assert voice.content is not None
        decode_content(voice.content, voice.clip_sha256)
        self._prepared.add(voice.clip_sha256)
        return Speech(tuple(sorted(sha256.encode() for sha256 in self._prepared)), 0.02)


def open_fixed(_spec: EngineSpec) -> FixedCostEngine:
    return FixedCostEngine()


def open_cloning(_spec: EngineSpec) -> CloningEngine:
    return CloningEngine()
