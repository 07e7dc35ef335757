"""An engine that needs no time: for what the way to it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.speech.opus import encode_opus
from bot.speech.types import (
    OPUS_SAMPLE_RATE,
    PACKET_SECONDS,
    EngineInfo,
    EngineSpec,
    Speech,
    SynthesisRequest,
    SynthesisResult,
)

EMPTY = "empty"
"""A text of which nothing is heard; of any other, `SENTENCE_SECONDS`."""

SENTENCE_SECONDS = 3.0


class InstantEngine:
    """Returns what it encoded when it was opened: noise, whose packets are the largest."""

    info = EngineInfo("piper", "instant", "cpu", clones=False, reason="", load_seconds=0.0)

    def __init__(self) -> None:
        samples = round(SENTENCE_SECONDS * OPUS_SAMPLE_RATE)
        noise = np.random.default_rng(1).normal(0.0, 0.1, samples).astype(np.float32)
        packets = tuple(encode_opus(noise))
        self._sentence = Speech(packets, len(packets) * PACKET_SECONDS)

    def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return one result per request, at once."""
        return [Speech((), 0.0) if each.text == EMPTY else self._sentence for each in batch]

    def close(self) -> None:
        """Nothing is open."""


def open_instant(_spec: EngineSpec) -> InstantEngine:
    """Open it; an `EngineOpener`."""
    return InstantEngine()
