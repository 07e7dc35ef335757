"""A limiter that looks ahead: no peak passes the ceiling, and the gain never jumps.

FFmpeg's alimiter sees samples only, and its release is as long for a click as for a word.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.speech.types import OPUS_SAMPLE_RATE

CEILING_DBTP = -2.0
"""True peak, in dB relative to full scale, that is left before Opus, whose packets decode to
peaks that are up to 1 dB higher."""

_OVERSAMPLED = 4  # as ITU-R BS.1770-4, annex 2, asks for
_STEP = 48  # samples of a step of the gain: 1 ms
# Steps on either side: together about a period of the deepest voice, so that the gain does not
# follow the waveform, which would distort it. Longer ones would turn down whole syllables.
_HOLD, _SMOOTH = 8, 7

Samples = npt.NDArray[np.float32]


def limited(samples: Samples, ceiling_db: float = CEILING_DBTP) -> Samples:
    """Return samples (float32, shape (n,), 48 kHz) whose true peak is within the ceiling.

    Where nothing passes it, they are returned as they are.
    """
    wanted = 10 ** (ceiling_db / 20) / np.maximum(_peaks(samples), np.finfo(np.float32).tiny)
    if wanted.min(initial=1.0) >= 1.0:
        return samples
    gains = _smoothed(np.minimum(wanted, 1.0))
    middles = (np.arange(len(gains)) + 0.5) * _STEP
    curve = np.interp(np.arange(len(samples)) + 0.5, middles, gains)
    return np.asarray(samples * curve, np.float32)


def _peaks(samples: Samples) -> npt.NDArray[np.float64]:
    """Return the true peak of each step."""
    import soxr

    between = np.abs(soxr.resample(samples, OPUS_SAMPLE_RATE, OPUS_SAMPLE_RATE * _OVERSAMPLED))
    at = np.abs(samples)
    peaks = [_highest(between, _STEP * _OVERSAMPLED), _highest(at, _STEP)]
    shortest = min(map(len, peaks))
    return np.maximum(peaks[0][:shortest], peaks[1][:shortest])


def _highest(values: Samples, size: int) -> npt.NDArray[np.float64]:
    padded = np.pad(values, (0, -len(values) % size)).astype(np.float64)
    return np.asarray(padded.reshape(-1, size).max(axis=1))


def _smoothed(gains: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a curve that is nowhere above the gains of a step and of its neighbours.

    The lowest within the hold, averaged over less than it with a Hann window.
    """
    around = _HOLD + _SMOOTH
    padded = np.pad(gains, around, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HOLD + 1).min(axis=1)
    window = np.hanning(2 * _SMOOTH + 3)[1:-1]
    return np.convolve(lowest, window / window.sum(), "valid")
