"""What runs in the engine worker: one loaded engine, held by this module in the child.

Imported in the bot process too, for the references to its functions, so it imports no engine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from bot.confinement import Wall, close_network
from bot.errors import EngineDeadError, MynahError
from bot.speech.engines.base import (
    ComparingEngine,
    ContinuousEngine,
    PreparingEngine,
    RemoteEngines,
    Samples,
    SpeechEngine,
)
from bot.speech.engines.gpu_failures import gpu_failed, is_gpu_failure
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult
from bot.workers.child import end_unfit
from storage.types import ReferenceClip

log = logging.getLogger(__name__)

EngineOpener = Callable[[EngineSpec], SpeechEngine]

SWITCH_SECONDS = 0.0005
"""How long a thread keeps Python's lock when another wants it. With Python's 5 ms, one that decodes
waits for several steps' time whenever another starts a GPU's kernels."""

_loaded: list[SpeechEngine] = []
_walls: list[Wall] = []


class EngineNotLoadedError(MynahError):
    """This child is new: another call lost the one that had the engine."""


def load(open_engine: EngineOpener, spec: EngineSpec, *, walled: bool = True) -> EngineInfo:
    """Load the engine, unless this child has it already, and say what it is.

    Loading may download; from then on this process opens no network connection. What replaces the
    engine is loaded by another.

    walled: False for a process that is asked over the network; only downloads end then, as where
    the engine asks others.

    Raises `EngineDeadError` with what to do when it cannot be loaded.
    """
    if not _loaded:
        _silence_warnings()
        sys.setswitchinterval(SWITCH_SECONDS)
        _loaded.append(_open(open_engine, spec))
        _walls[:] = _go_offline(walled=walled and not _loaded[0].info.remote)
    return look()


def look() -> EngineInfo:
    """Return what is loaded, as things stand.

    Ends this process when the engine is no longer fit to work. Raises `EngineNotLoadedError`.
    """
    with _ending_when_dead():
        return dataclasses.replace(_engine().info, walls=tuple(_walls))


def synthesize(batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
    """Run a batch through the loaded engine; see `SpeechEngine.synthesize`.

    Ends this process when the engine is no longer fit to work; the parent starts another.

    Raises `EngineNotLoadedError`.
    """
    engine = _engine()
    with _ending_when_dead():
        return engine.synthesize(batch)


def exchange(
    new: Sequence[tuple[int, SynthesisRequest]], withdrawn: Sequence[int], seconds: float
) -> list[tuple[int, SynthesisResult]]:
    """Hand over new requests with their tickets and take back what is done, after some work.

    withdrawn: tickets of requests to give up.

    Sentences go on being worked on from one call to the next, so new ones join those under way.
    Returns when something is done, after about `seconds`, or when there is nothing left to do.

    Ends this process when the engine is no longer fit to work. Raises `EngineNotLoadedError`.
    """
    engine = _engine()
    assert isinstance(engine, ContinuousEngine)
    with _ending_when_dead():
        for ticket in withdrawn:
            engine.withdraw(ticket)
        for ticket, request in new:
            engine.submit(ticket, request)
        return engine.advance(seconds)


def speak_at(name: str, request: SynthesisRequest) -> tuple[EngineInfo, SynthesisResult]:
    """Have one of the engines on other machines speak; see `RemoteEngines.speak_at`.

    Raises `EngineNotLoadedError`, and what that raises.
    """
    engine = _engine()
    assert isinstance(engine, RemoteEngines)
    return engine.speak_at(name, request)


def forget(clip_sha256: str) -> None:
    """Drop what the engine prepared of a clip, if anything."""
    if _loaded and isinstance(_loaded[0], PreparingEngine):
        with _ending_when_dead():
            _loaded[0].forget(clip_sha256)


def embeddings(clips: Sequence[ReferenceClip]) -> list[Samples | None]:
    """Return how the speakers of clips sound; see `ComparingEngine`. None where that is not known.

    Ends this process when the engine is no longer fit to work. Raises `EngineNotLoadedError`.
    """
    engine = _engine()
    if not isinstance(engine, ComparingEngine):
        return [None] * len(clips)
    with _ending_when_dead():
        return [engine.embedding(clip) for clip in clips]


def watermark(samples: Samples, rate: int) -> float | None:
    """Return how surely samples carry PerTh's mark, whether an engine is loaded or not.

    See `bot.speech.engines.watermark`.
    """
    # It imports torch, which takes seconds where another engine is loaded.
    from bot.speech.engines.watermark import watermark as certainty

    _silence_warnings()
    return certainty(samples, rate)


def _engine() -> SpeechEngine:
    if not _loaded:
        raise EngineNotLoadedError("The voice engine is not loaded.")
    return _loaded[0]


@contextlib.contextmanager
def _ending_when_dead() -> Iterator[None]:
    """End this process where the engine is no longer fit to work, or may not be.

    After a failure of the GPU every further call of the same process fails. What an engine raises
    without having meant to leaves it in a state that nobody knows.
    """
    try:
        yield
    except EngineDeadError as error:
        _end(str(error))
    except MynahError:
        raise
    except Exception as error:
        log.exception("the engine failed")
        failed = f"The voice engine failed ({type(error).__name__}: {error})."
        _end(str(gpu_failed(error)) if is_gpu_failure(error) else failed)


def _end(reason: str) -> NoReturn:
    log.critical("engine worker ends itself: %s", reason)
    logging.shutdown()
    end_unfit(reason)


def _open(open_engine: EngineOpener, spec: EngineSpec) -> SpeechEngine:
    try:
        return open_engine(spec)
    except MynahError:
        raise
    except Exception as error:
        # The text alone travels: unpickling an engine's exception would import the engine.
        raise EngineDeadError(
            f"The voice engine cannot be loaded ({type(error).__name__}: {error})."
        ) from None


def _go_offline(*, walled: bool) -> tuple[Wall, ...]:
    """Close the network, and have the library that downloads say so instead of trying again."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    hub = sys.modules.get("huggingface_hub.constants")
    if hub is not None:
        vars(hub)["HF_HUB_OFFLINE"] = True
    return close_network() if walled else ()


def _silence_warnings() -> None:
    """Keep libraries' warnings to developers off the log of this process, a worker."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
