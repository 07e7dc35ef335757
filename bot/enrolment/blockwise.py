"""Zero-phase filters over long recordings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.types import CLIP_SAMPLE_RATE

BLOCK_SECONDS = 30
CONTEXT_SECONDS = 1
"""Filtered on both sides of a block and discarded; by then the filters here are silent."""


def filter_in_place(samples: npt.NDArray[np.float32], sections: npt.NDArray[np.float64]) -> None:
    """Filter float32 samples, shape (n,), 24 kHz, forwards and backwards, in place.

    sections: second-order sections, shape (k, 6). `scipy.signal.sosfiltfilt` (F. Gustafsson,
    "Determining the initial states in forward-backward filtering", 1996) by blocks with context
    (overlap-discard), so that ten minutes take no more memory than half a minute.
    """
    # Imported here: it belongs in the worker only.
    from scipy.signal import sosfiltfilt

    block, context = BLOCK_SECONDS * CLIP_SAMPLE_RATE, CONTEXT_SECONDS * CLIP_SAMPLE_RATE
    before = samples[:0].copy()
    for start in range(0, len(samples), block):
        end = min(start + block, len(samples))
        raw = np.concatenate([before, samples[start : end + context]]).astype(np.float64)
        lead = len(before)
        before = samples[max(0, end - context) : end].copy()
        filtered = sosfiltfilt(sections, raw, padlen=min(context, len(raw) - 1))
        samples[start:end] = filtered[lead : lead + end - start]
