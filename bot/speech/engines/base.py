"""What every engine is, and what every engine's audio goes through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.errors import EngineDeadError, EngineError, MynahError
from bot.speech.levels import level
from bot.speech.opus import encode_opus, to_opus_rate
from bot.speech.types import (
    OPUS_SAMPLE_RATE,
    EngineInfo,
    Speech,
    SynthesisRequest,
    SynthesisResult,
)

log = logging.getLogger(__name__)

Samples = npt.NDArray[np.float32]
Timings = dict[str, float]


class SpeechEngine(Protocol):
    """Text and a voice in, Opus packets out. Used by one thread of the engine worker."""

    @property
    def info(self) -> EngineInfo:
        """What was loaded."""

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, in order; an error stands in for a failed sentence.

        Raises `EngineDeadError` when the engine is no longer fit to work.
        """

    def close(self) -> None:
        """Give back the model's memory."""


@contextmanager
def stage(timings: Timings, name: str) -> Iterator[None]:
    """Add the seconds of the block to `timings` under `name`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        timings[name] = timings.get(name, 0.0) + time.perf_counter() - start


def synthesize_each(
    batch: Sequence[SynthesisRequest], speak: Callable[[SynthesisRequest], Speech]
) -> list[SynthesisResult]:
    """Speak the requests one after another, keeping the failure of one from the others."""
    return [_result(request, speak) for request in batch]


def to_speech(samples: Samples, rate: float, timings: Timings) -> Speech:
    """Level, resample and encode an engine's samples (float32, shape (n,), `rate` Hz).

    Raises `EngineError` when there is nothing in them.
    """
    if not len(samples) or not np.isfinite(samples).all():
        raise EngineError("The voice engine made no sound for this text. Try other words.")
    with stage(timings, "encode"):
        samples = level(to_opus_rate(samples, rate), OPUS_SAMPLE_RATE)
        packets = encode_opus(samples)
    return Speech(packets, len(samples) / OPUS_SAMPLE_RATE, timings)


def _result(
    request: SynthesisRequest, speak: Callable[[SynthesisRequest], Speech]
) -> SynthesisResult:
    try:
        return speak(request)
    except EngineDeadError:
        raise
    except MynahError as error:
        return error
    except Exception as error:
        # Not sent to the parent as it is: unpickling an engine's exception would import the engine.
        log.exception("synthesis failed")
        return EngineError(f"The voice engine failed on this text ({type(error).__name__}).")
