"""What every engine is, and what every engine's audio goes through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from bot.errors import EngineDeadError, EngineError, MynahError
from bot.i18n import Translatable
from bot.speech.delivery import Delivery
from bot.speech.engines.gpu_failures import gpu_failed, is_gpu_failure
from bot.speech.mastering import mastered
from bot.speech.opus import encode_opus
from bot.speech.types import (
    OPUS_SAMPLE_RATE,
    EngineInfo,
    Speech,
    SynthesisRequest,
    SynthesisResult,
)
from storage.types import ReferenceClip

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


@runtime_checkable
class PreparingEngine(Protocol):
    """An engine that keeps what it prepared of the voices."""

    def forget(self, clip_sha256: str) -> None:
        """Drop what was prepared of a clip; it is prepared anew when it is needed."""


@runtime_checkable
class ComparingEngine(Protocol):
    """An engine that can tell speakers apart."""

    def embedding(self, clip: ReferenceClip) -> Samples | None:
        """Return the direction in which a clip's speaker lies, float32 of length 1.

        None where too little is heard of them.
        """


@runtime_checkable
class RemoteEngines(Protocol):
    """An engine that asks others, on other machines."""

    def speak_at(self, name: str, request: SynthesisRequest) -> tuple[EngineInfo, SynthesisResult]:
        """Return what the engine of that name has loaded and what it makes of a sentence.

        Raises `EngineDeadError` where it cannot be asked, and does not come within a minute.
        """


@runtime_checkable
class ContinuousEngine(Protocol):
    """An engine that works on several sentences together, and takes on more while it does."""

    @property
    def busy(self) -> bool:
        """Whether sentences are under way."""

    def submit(self, ticket: int, request: SynthesisRequest) -> None:
        """Take on a request; `advance` returns its result under `ticket`."""

    def withdraw(self, ticket: int) -> None:
        """Give up a request; nothing is returned for it."""

    def advance(self, seconds: float) -> list[tuple[int, SynthesisResult]]:
        """Work until something is done, for about so many seconds; return what is done.

        Raises `EngineDeadError`, after which nothing that was submitted will be done.
        """


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
    return [result_of(request, speak) for request in batch]


def to_speech(
    samples: Samples,
    rate: float,
    timings: Timings,
    delivery: Delivery,
    *,
    notes: tuple[str, ...] = (),
) -> Speech:
    """Master and encode an engine's samples (float32, shape (n,), `rate` Hz).

    Raises `EngineError` when there is nothing in them.
    """
    if not len(samples) or not np.isfinite(samples).all():
        raise EngineError(
            Translatable("The voice engine made no sound for this text. Try other words.")
        )
    with stage(timings, "master"):
        samples = mastered(samples, rate, delivery)
    with stage(timings, "encode"):
        packets = encode_opus(samples)
    return Speech(packets, len(samples) / OPUS_SAMPLE_RATE, timings, notes)


def result_of(
    request: SynthesisRequest, speak: Callable[[SynthesisRequest], Speech]
) -> SynthesisResult:
    """Return what `speak` makes of the request, or the error to hand on in its place.

    Raises `EngineDeadError`.
    """
    try:
        return speak(request)
    except Exception as error:
        return to_error(error)


def to_error(error: Exception) -> MynahError:
    """Return the error to hand on for a sentence that failed.

    Raises `EngineDeadError` where the GPU failed with it.
    """
    if isinstance(error, EngineDeadError):
        raise error
    if is_gpu_failure(error):
        raise gpu_failed(error) from None
    if isinstance(error, MynahError):
        return error
    # Not sent to the parent as it is: unpickling an engine's exception would import the engine.
    log.error("synthesis failed", exc_info=error)
    return EngineError(
        Translatable("The voice engine failed on this text ({error}).", error=type(error).__name__)
    )
