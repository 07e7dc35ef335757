"""What can fail: engines of one and of several slots, and what listens to uploads."""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EngineDeadError
from bot.speech.types import (
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
)
from tests.faults.committing import FAULTS, armed, commit

UPLOAD = b"upload "


def speak(request: SynthesisRequest) -> Speech:
    """Speak at once, unless the text names a fault that is still to happen."""
    if request.text in FAULTS and armed(request.voice.clip_path):
        commit(request.text)
    return Speech((request.text.encode(),), 0.02)


class OneByOne:
    """An engine that lets through what it did not foresee."""

    info = EngineInfo("piper", "faulty", "cpu", clones=False, reason="test", load_seconds=0.0)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        return [speak(request) for request in batch]

    def close(self) -> None:
        pass


class Together(OneByOne):
    """An engine that explains what goes wrong, and works on four sentences at once."""

    info = EngineInfo(
        "piper", "faulty", "cpu", clones=False, reason="test", load_seconds=0.0, slots=4
    )

    def __init__(self) -> None:
        self._taken: dict[int, SynthesisRequest] = {}

    @property
    def busy(self) -> bool:
        return bool(self._taken)

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        self._taken[ticket] = request

    def withdraw(self, ticket: int) -> None:
        self._taken.pop(ticket, None)

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        del seconds
        taken, self._taken = self._taken, {}
        return [(ticket, speak(request)) for ticket, request in taken.items()]


def open_one_by_one(_spec: EngineSpec) -> OneByOne:
    return OneByOne()


def open_together(_spec: EngineSpec) -> Together:
    return Together()


def open_at_last(spec: EngineSpec) -> OneByOne:
    """Fail to load as often as the file in place of the checkpoint says."""
    assert spec.checkpoint is not None
    if armed(spec.checkpoint):
        raise EngineDeadError("There is no model yet.")
    return OneByOne()


def request(text: str, times_left: Path = Path("unused")) -> SynthesisRequest:
    return SynthesisRequest(text, VoiceReference(times_left, ""))


def upload(fault: str, times_left: Path) -> bytes:
    """Return a recording that makes the media worker's child fail."""
    return UPLOAD + f"{fault}|{times_left}".encode()


def listen_badly() -> None:
    """Put what fails in the place of the pipeline; called in the child before its first call."""
    pipeline = types.ModuleType("bot.enrolment.pipeline")
    vars(pipeline).update(prepare_sample=_prepare_sample, warm=lambda: None)
    sys.modules[pipeline.__name__] = pipeline


@dataclass(frozen=True)
class Heard:
    """Stands for the sample that an upload becomes."""

    clip: None = None


def _prepare_sample(data: bytes, _limits: object) -> Heard:
    fault, _, times_left = data.removeprefix(UPLOAD).decode().partition("|")
    if fault and armed(Path(times_left)):
        commit(fault)
    return Heard()
