"""PerTh's mark in a recording: whether a speech engine that marks its speech has made it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import soxr

from bot.speech.engines.base import Samples

STRETCH_SECONDS = 3.0
"""Looked at alone, too: speech that was marked is found among more that was not."""

LEAST_SECONDS = 0.5


def watermark(samples: Samples, rate: int) -> float | None:
    """Return how surely samples (float32, shape (n,), `rate` Hz), or a stretch of them, carry the
    mark, from 0 to 1.

    The mean of what PerTh's decoder says about each bit, of which all are 1 in its mark. None where
    PerTh does not work, and for what is too short for it.
    """
    marker = _marker()
    if marker is None:
        return None
    at = marker.perth_net.hp.sample_rate
    heard = np.asarray(soxr.resample(samples, rate, at), np.float32)
    found = [_certainty(marker, stretch, at) for stretch in (heard, *_stretches(heard, at))]
    return max((certainty for certainty in found if certainty is not None), default=None)


def _stretches(samples: Samples, rate: int) -> Iterator[Samples]:
    """Yield them from the beginning on; the last may be up to twice as long."""
    size = round(STRETCH_SECONDS * rate)
    count = len(samples) // size
    for number in range(count if count > 1 else 0):
        yield samples[number * size : (number + 1) * size if number < count - 1 else None]


def _certainty(marker: Any, samples: Samples, rate: int) -> float | None:
    import torch  # PerTh has imported it

    if len(samples) < LEAST_SECONDS * rate or not samples.any():
        return None
    with torch.inference_mode():
        certainty = float(marker.get_watermark(samples, sample_rate=rate, round=False).mean())
    return certainty if np.isfinite(certainty) else None


@functools.cache
def _marker() -> Any:
    """Return PerTh with the weights of its wheel; None where something is wanting."""
    try:
        import perth

        # None where setuptools has no pkg_resources.
        made = perth.PerthImplicitWatermarker
        return made() if made is not None else None
    except (ImportError, OSError):
        return None
