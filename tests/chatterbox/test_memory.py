"""Speaking for a long time takes no more memory than speaking for a short one."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.types import ChatterboxModel, Speech, SynthesisRequest, VoiceReference
from tests.chatterbox.checkpoints import SPEECH_TOKENS, move_end
from tests.chatterbox.conftest import spec

REQUESTS, WARM_UP = 200, 20


def test_two_hundred_requests_leave_memory_as_it_was_after_twenty(
    checkpoint: Callable[[ChatterboxModel], Path], voices: tuple[VoiceReference, ...]
) -> None:
    # Small pieces, so that it takes seconds.
    small = spec("english", checkpoint("english"), slots=4, prompt_seconds=0.4)
    engine = ChatterboxEngine(small, "the test asks for it")
    move_end(engine._model.t3, SPEECH_TOKENS, 3)
    peaks = []
    for start in range(0, REQUESTS, 4):
        results = engine.synthesize(
            [
                SynthesisRequest("Hi! " * (seed % 7 + 1), voices[seed % 4], seed=seed)
                for seed in range(start, start + 4)
            ]
        )
        assert all(isinstance(result, Speech) for result in results), results
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    engine.close()
    # The highest so far, so that whatever was held at any time counts.
    assert peaks[-1] <= 1.05 * peaks[WARM_UP // 4 - 1]
