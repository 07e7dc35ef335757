"""What lies below the lowest voice is taken out: an offset, rumble, wind, steps."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from storage.types import CLIP_SAMPLE_RATE

Samples = npt.NDArray[np.float32]

STOP_HZ = 52.0
STOP_DB = 30.0
ORDER = 6
"""Below 52 Hz 60 dB are taken (the filter runs twice). A Chebyshev filter of the second kind is
flat above: 75 Hz, the fundamental of a deep bass, loses under 1 dB and 90 Hz nothing."""

BLOCK_SECONDS = 30
CONTEXT_SECONDS = 1
"""Filtered on both sides of a block and discarded; the filter rings for a fifth of a second."""


def remove_rumble(samples: Samples) -> None:
    """Filter float32 samples, shape (n,), 24 kHz, in place and with zero phase.

    `scipy.signal.sosfiltfilt`, forwards and backwards (F. Gustafsson, "Determining the initial
    states in forward-backward filtering", 1996), by blocks with context (overlap-discard), so that
    ten minutes take no more memory than half a minute.
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
        padding = min(context, len(raw) - 1)
        filtered = sosfiltfilt(_highpass(), raw, padlen=padding)
        samples[start:end] = filtered[lead : lead + end - start]


@functools.cache
def _highpass() -> npt.NDArray[np.float64]:
    from scipy.signal import cheby2  # in the worker only, as above

    sections: npt.NDArray[np.float64] = cheby2(
        ORDER, STOP_DB, STOP_HZ, "highpass", fs=CLIP_SAMPLE_RATE, output="sos"
    )
    return sections
