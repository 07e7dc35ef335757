"""PerTh's mark in a recording: whether a speech engine that marks its speech has made it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import soxr

from bot.speech.engines.base import Samples


def watermark(samples: Samples, rate: int) -> float | None:
    """Return how surely samples (float32, shape (n,), `rate` Hz) carry the mark, from 0 to 1.

    The mean of what PerTh's decoder says about each bit, of which all are 1 in its mark. None where
    PerTh does not work, and for what is too short for it.
    """
    marker = _marker()
    if marker is None:
        return None
    import torch  # PerTh has imported it

    at = marker.perth_net.hp.sample_rate
    heard = np.asarray(soxr.resample(samples, rate, at), np.float32)
    if len(heard) < at // 2 or not heard.any():
        return None
    with torch.inference_mode():
        certainty = float(marker.get_watermark(heard, sample_rate=at, round=False).mean())
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
