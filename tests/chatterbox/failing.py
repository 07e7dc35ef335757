"""What the tests of failures ask for, and what fails as it does on a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)

Voices = tuple[VoiceReference, ...]

NO_MEMORY = "CUDA out of memory. Tried to allocate 20.00 MiB."
SHORT, LONG = "Hi.", "Hello there, all of you."


def asked(voice: VoiceReference, text: str = SHORT, seed: int = 1) -> SynthesisRequest:
    return SynthesisRequest(text, voice, "en", VoiceSettings(seed=seed))


def failing(message: str, times: float = math.inf, then: Any = None) -> Callable[..., Any]:
    """What fails so many times as torch does on a GPU, which a test machine may lack."""
    left = [times]

    def fail(*arguments: object, **options: object) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError(message)
        return then(*arguments, **options)

    return fail


def finish(speaker: Any) -> dict[int, SynthesisResult]:
    results: dict[int, SynthesisResult] = {}
    while speaker.busy:
        results |= dict(speaker.advance(math.inf))
    return results


def packets(result: SynthesisResult) -> tuple[bytes, ...]:
    assert isinstance(result, Speech), result
    return result.packets
