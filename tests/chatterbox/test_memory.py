"""Speaking for a long time takes no more memory than speaking for a short one."""

from __future__ import annotations

import functools
import gc
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import (
    ChatterboxModel,
    EngineSpec,
    Speech,
    SynthesisRequest,
    VoiceReference,
    VoiceSettings,
)
from tests.chatterbox.conftest import spec
from tools.random_checkpoint import SPEECH_TOKENS, move_end, shrink

REQUESTS, WARM_UP, TOGETHER = 200, 20, 4


def memory(small: EngineSpec, voices: tuple[VoiceReference, ...]) -> list[int]:
    """Speak and return the bytes of memory after each batch."""
    shrink(small.model)
    engine = ChatterboxEngine(small, "the test asks for it")
    move_end(engine._model.t3, SPEECH_TOKENS, 2)
    flow = engine._model.s3gen.flow.decoder
    flow.forward = functools.partial(_one_step, flow.forward)
    process, used = psutil.Process(), []
    for start in range(0, REQUESTS, TOGETHER):
        batch = [
            SynthesisRequest(
                "Hi! " * (seed % 7 + 1),
                voices[seed % len(voices)],
                settings=VoiceSettings(seed=seed),
            )
            for seed in range(start, start + TOGETHER)
        ]
        results = engine.synthesize(batch)
        assert all(isinstance(result, Speech) for result in results), results
        gc.collect()
        used.append(process.memory_info().rss)
    return used


def _one_step(forward: Any, **arguments: Any) -> Any:
    return forward(**{**arguments, "n_timesteps": 1})


def test_two_hundred_requests_leave_memory_as_it_was_after_twenty(
    checkpoint: Callable[[ChatterboxModel], Path], voices: tuple[VoiceReference, ...]
) -> None:
    # Small pieces, so that it takes seconds.
    small = spec("english", checkpoint("english"), slots=TOGETHER, prompt_seconds=0.1)
    # In a process of its own, because other tests have needed more.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        used = process.submit(memory, small, voices).result()
    assert used[-1] <= 1.05 * used[WARM_UP // TOGETHER - 1]
