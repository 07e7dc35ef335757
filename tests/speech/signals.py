"""Made signals that codecs and estimators take for speech."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def voiced(seconds: float, pitch_hz: float = 120.0, rate: int = 48_000) -> npt.NDArray[np.float32]:
    """A buzz with a speech-like spectrum and syllables, float32 at `rate` Hz."""
    t = np.arange(round(seconds * rate)) / rate
    harmonics = range(1, int(4_000 / pitch_hz))
    buzz = sum(np.cos(2 * np.pi * k * pitch_hz * t + k * k) / k for k in harmonics)
    syllables = 0.5 - 0.4 * np.cos(2 * np.pi * 4 * t)
    return (0.1 * buzz * syllables).astype(np.float32)
