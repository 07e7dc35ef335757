"""What runs in the engine worker: one loaded engine, held by this module in the child.

Imported in the bot process too, for the references to its functions, so it imports no engine.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence

from bot.errors import EngineDeadError, MynahError
from bot.speech.engines.base import SpeechEngine
from bot.speech.types import EngineInfo, EngineSpec, SynthesisRequest, SynthesisResult

log = logging.getLogger(__name__)

EngineOpener = Callable[[EngineSpec], SpeechEngine]

_loaded: list[SpeechEngine] = []


class EngineNotLoadedError(MynahError):
    """This child is new: another call lost the one that had the engine."""


def load(open_engine: EngineOpener, spec: EngineSpec) -> EngineInfo:
    """Load the engine, unless this child has it already, and say what it is.

    Raises `EngineDeadError` with what to do when it cannot be loaded.
    """
    if not _loaded:
        _keep_stdout_clean()
        _loaded.append(_open(open_engine, spec))
    return _loaded[0].info


def synthesize(batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
    """Run a batch through the loaded engine; see `SpeechEngine.synthesize`.

    Ends this process when the engine is no longer fit to work; the parent starts another.

    Raises `EngineNotLoadedError`.
    """
    if not _loaded:
        raise EngineNotLoadedError("The voice engine is not loaded.")
    try:
        return _loaded[0].synthesize(batch)
    except EngineDeadError as error:
        # After a failure of the GPU every further call of the same process fails.
        log.critical("engine worker ends itself: %s", error)
        logging.shutdown()
        os._exit(1)


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


def _keep_stdout_clean() -> None:
    """Send what libraries print to standard error: the parent's output belongs to the program."""
    if multiprocessing.parent_process() is not None:
        sys.stdout.flush()
        os.dup2(2, 1)
