"""An engine for the worker's child that does as its texts say, so that crashes can be exact."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

from bot.errors import EngineDeadError, EngineError
from bot.speech.load_progress import LoadProgress, ProgressFile
from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)


class ScriptedEngine:
    """Speaks its process id, unless the text is one of the methods below."""

    info = EngineInfo("piper", "scripted", "cpu", clones=False, reason="test", load_seconds=0.0)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        return [self._speak(request) for request in batch]

    def close(self) -> None:
        pass

    def _speak(self, request: SynthesisRequest) -> SynthesisResult:
        if request.text == "fail":
            return EngineError("This one failed.")
        if request.text in ("crash", "hang", "wreck"):
            self._misbehave(request.text, request.voice.clip_path)
        return Speech((str(os.getpid()).encode(),), 0.02)

    def _misbehave(self, how: str, times_left: Path) -> None:
        """Do it as often as the file says; one byte is one time."""
        left = times_left.read_bytes()
        if not left:
            return
        times_left.write_bytes(left[1:])
        if how == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "hang":
            threading.Event().wait()
        raise EngineDeadError("The GPU is gone.")


def open_scripted(_spec: EngineSpec) -> ScriptedEngine:
    return ScriptedEngine()


def open_noisy(_spec: EngineSpec) -> ScriptedEngine:
    os.write(1, b"printed by a library\n")
    warnings.warn("deprecated by a library", FutureWarning, stacklevel=1)
    return ScriptedEngine()


def open_downloading(spec: EngineSpec) -> ScriptedEngine:
    tell = ProgressFile(spec.progress_file)
    for share in range(0, 101, 5):
        tell(LoadProgress("scripted", share, 100, share // 100, 1))
    return ScriptedEngine()


def open_unfit(spec: EngineSpec) -> ScriptedEngine:
    raise EngineDeadError(f"There is no model in {spec.checkpoint}.")


def open_broken(_spec: EngineSpec) -> ScriptedEngine:
    raise ZeroDivisionError("oops")


def open_crashing(_spec: EngineSpec) -> ScriptedEngine:
    os.kill(os.getpid(), signal.SIGKILL)
    sys.exit()


def open_crashing_at_times(spec: EngineSpec) -> ScriptedEngine:
    """Crash as often as the file in place of the checkpoint says."""
    assert spec.checkpoint is not None
    engine = ScriptedEngine()
    engine._speak(scripted("crash", spec.checkpoint))
    return engine


def scripted(text: str, times_left: Path = Path("unused")) -> SynthesisRequest:
    return SynthesisRequest(text, VoiceReference(times_left, ""))


class _Noted(ScriptedEngine):
    info = dataclasses.replace(ScriptedEngine.info, notes=("More takes a GPU.",))


class _Chosen(ScriptedEngine):
    info = dataclasses.replace(ScriptedEngine.info, kind="chatterbox", model="nano")


def open_chosen(_spec: EngineSpec) -> _Chosen:
    """Return one of Nano, whatever was configured."""
    return _Chosen()


def open_noted(_spec: EngineSpec) -> _Noted:
    """Return one that has a note."""
    return _Noted()
