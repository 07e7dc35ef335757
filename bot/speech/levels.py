"""One loudness for all voices, so that no listener reaches for the volume."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TARGET_DBFS = -20.0
"""Level of active speech in dB relative to full scale, RMS. Discord's users speak about there."""

PEAK_DBFS = -1.0
"""No sample goes above this; it bounds the gain of speech with high peaks."""

MAX_GAIN_DB = 30.0
"""More would only bring up the noise of something that is nearly silent."""

_FRAME_SECONDS = 0.02
_ACTIVE_DB = 25.0  # frames that far below the loudest one are pauses


def level(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """Return the samples (float32, shape (n,), `rate` Hz) scaled to `TARGET_DBFS`.

    The level is that of the frames with speech, so pauses do not count.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return samples
    gain = min(
        _amplitude(TARGET_DBFS) / _active_rms(samples, rate),
        _amplitude(PEAK_DBFS) / peak,
        _amplitude(MAX_GAIN_DB),
    )
    return samples * np.float32(gain)


def _active_rms(samples: npt.NDArray[np.float32], rate: int) -> float:
    size = max(1, round(_FRAME_SECONDS * rate))
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % size))
    power = np.square(padded).reshape(-1, size).mean(axis=1)
    active = power >= power.max() * _amplitude(-_ACTIVE_DB) ** 2
    return float(np.sqrt(power[active].mean()))


def _amplitude(decibels: float) -> float:
    return float(10 ** (decibels / 20))
