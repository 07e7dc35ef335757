"""What lies below the lowest voice is taken out: an offset, rumble, wind, steps."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from bot.enrolment.blockwise import filter_in_place
from storage.types import CLIP_SAMPLE_RATE

STOP_HZ = 57.0
STOP_DB = 30.0
ORDER = 8
"""Below 57 Hz 60 dB are taken (the filter runs twice). A Chebyshev filter of the second kind is
flat above: 70 Hz, the fundamental of a deep bass, loses 1 dB and 80 Hz nothing."""


def remove_rumble(samples: npt.NDArray[np.float32]) -> None:
    """Filter float32 samples, shape (n,), 24 kHz, in place and with zero phase."""
    filter_in_place(samples, _highpass())


@functools.cache
def _highpass() -> npt.NDArray[np.float64]:
    from scipy.signal import cheby2  # it belongs in the worker only

    sections: npt.NDArray[np.float64] = cheby2(
        ORDER, STOP_DB, STOP_HZ, "highpass", fs=CLIP_SAMPLE_RATE, output="sos"
    )
    return sections
