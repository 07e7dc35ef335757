"""An engine for the worker's child that keeps something of each clip, as Chatterbox does."""

from __future__ import annotations

from bot.speech.types import EngineSpec, Speech, SynthesisRequest, SynthesisResult
from tests.speech.scripted_engine import ScriptedEngine


class RememberingEngine(ScriptedEngine):
    """Speaks the hashes of the clips that it has prepared, this one's among them."""

    def __init__(self) -> None:
        self._prepared: set[str] = set()

    def forget(self, clip_sha256: str) -> None:
        self._prepared.discard(clip_sha256)

    def _speak(self, request: SynthesisRequest) -> SynthesisResult:
        super()._speak(request)  # which may hang
        self._prepared.add(request.voice.clip_sha256)
        return Speech(tuple(sorted(sha256.encode() for sha256 in self._prepared)), 0.02)


def open_remembering(_spec: EngineSpec) -> RememberingEngine:
    return RememberingEngine()
