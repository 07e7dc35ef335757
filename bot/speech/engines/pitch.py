"""The pitch of a synthesised sentence.

librosa has better estimators, but brings numba and seconds of start-up, which the engine worker
would pay for nothing else. One known voice, without noise, needs no more than this.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

_FRAME_SECONDS = 0.05
_VOICED_CORRELATION = 0.5
_SILENCE = 0.01  # share of the loudest frame's energy
_MIN_VOICED_FRAMES = 8  # 0.2 s


def median_pitch(
    samples: npt.NDArray[np.float32], rate: int, lowest_hz: float, highest_hz: float
) -> float | None:
    """Return the median fundamental frequency of the voiced frames in Hz, or None without any.

    By the autocorrelation of Hann-windowed frames, divided by the window's own (Boersma 1993);
    the range `lowest_hz` to `highest_hz` must not exceed an octave or so of the voice.
    """
    size = round(_FRAME_SECONDS * rate)
    if len(samples) < size:
        return None
    frames = sliding_window_view(samples.astype(np.float64), size)[:: size // 2]
    window = np.hanning(size).astype(np.float64)
    correlation = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window)
    energy = correlation[:, 0]
    lags = slice(int(rate / highest_hz), int(rate / lowest_hz) + 1)
    scale = np.maximum(energy, np.finfo(float).tiny)[:, np.newaxis] * _normal_shape(window)[lags]
    normalised = correlation[:, lags] / scale
    voiced = (normalised.max(axis=1) > _VOICED_CORRELATION) & (energy > _SILENCE * energy.max())
    if voiced.sum() < _MIN_VOICED_FRAMES:
        return None
    return float(np.median(rate / (lags.start + normalised[voiced].argmax(axis=1))))


def _autocorrelation(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size = frames.shape[-1]
    spectrum = np.fft.rfft(frames, 2 * size)
    return np.asarray(np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[..., :size])


def _normal_shape(window: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shape = _autocorrelation(window)
    return np.asarray(shape / shape[0])
