"""Engines for the actors of the tests: of a fixed cost, and that keep what they are sent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


class NotingEngine(FixedCostEngine):
    """Notes in a file what it begins and what it is done with, and its process.

    What begins with "hold" takes until there is a file beside that one; all else `seconds`.
    """

    def __init__(self, notes: Path, seconds: float) -> None:
        self._notes, self._seconds = notes, seconds

    def _speak(self, request: SynthesisRequest) -> Speech:
        self._note("begun", request.text)
        if request.text.startswith("hold"):
            deadline = time.monotonic() + 100
            while not gate(self._notes).exists() and time.monotonic() < deadline:
                time.sleep(0.01)
        else:
            time.sleep(self._seconds)
        self._note("done", request.text)
        return Speech((str(os.getpid()).encode(), request.text.encode()), 0.04)

    def _note(self, event: str, text: str) -> None:
        with self._notes.open("a") as notes:
            notes.write(f"{event}\t{os.getpid()}\t{text}\n")


@dataclass(frozen=True, slots=True)
class Note:
    event: str
    pid: int
    text: str


def gate(notes: Path) -> Path:
    """The file that lets go of what is held."""
    return notes.with_suffix(".gate")


def noted(notes: Path, event: str) -> list[Note]:
    """Return what engines noted of one kind, in order."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    parts = (line.split("\t") for line in lines)
    return [Note(kind, int(pid), text) for kind, pid, text in parts if kind == event]


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


def open_noting(notes: Path, seconds: float, _spec: EngineSpec) -> NotingEngine:
    return NotingEngine(notes, seconds)


def open_cloning(_spec: EngineSpec) -> CloningEngine:
    return CloningEngine()
