"""Telling noise from speech: noise has no pitch and a flat spectrum, for longer than a hiss has.

Measured on real speech, which `tests/speech/test_judge_on_speech.py` repeats: without a pitch it
never goes on for 0.3 s, and words without any are no words (but "shh").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.speech.engines.base import Samples

FRAME_SECONDS = 0.02

_WINDOW_SECONDS = 0.06  # two periods of the deepest voice and more
_PITCHES_HZ = (60, 400)
_PERIODIC = 0.45  # the least correlation of a voiced frame with itself one period later
_MOST_PERIODIC = 0.15  # of the frames of noise, by chance
_BAND_HZ = (100, 8000)
_LEAST_FLAT = 0.05  # a creaking voice is below, white noise at 0.56
_ALL_BUT = 0.2  # of the frames are as flat as that: a creak goes over into a hiss


def is_noise(samples: Samples, rate: int, first: int, last: int) -> bool:
    """Whether the frames from `first` to before `last` of `samples` (`rate` Hz) are noise."""
    if voiced(samples, rate, first, last).mean() > _MOST_PERIODIC:
        return False
    flat = _flatness(_windows(samples, rate, first, last), rate)
    return bool(np.quantile(flat, _ALL_BUT) > _LEAST_FLAT)


def voiced(samples: Samples, rate: int, first: int, last: int) -> npt.NDArray[np.bool_]:
    """Return which of the frames from `first` to before `last` have a pitch."""
    windows = _windows(samples, rate, first, last)
    size = windows.shape[1]
    shortest, longest = (round(rate / hz) for hz in reversed(_PITCHES_HZ))
    correlation = _autocorrelation(windows)
    # What a longer lag loses to the window itself.
    fade = _autocorrelation(np.hanning(size).astype(np.float64)[None])[0]
    periods = correlation[:, shortest:longest] / (fade[shortest:longest] / fade[0])
    return np.asarray(periods.max(axis=1) > _PERIODIC * (correlation[:, 0] + 1e-9))


def _windows(samples: Samples, rate: int, first: int, last: int) -> npt.NDArray[np.float64]:
    """Frames with what is around them: shape (last - first, window)."""
    frame, size = round(FRAME_SECONDS * rate), round(_WINDOW_SECONDS * rate)
    margin = (size - frame) // 2
    start, end = first * frame - margin, last * frame + size
    part = samples[max(0, start) : max(0, end)].astype(np.float64)
    part = np.pad(part, (max(0, -start), max(0, end - len(samples))))
    windows = np.lib.stride_tricks.sliding_window_view(part, size)[::frame][: last - first]
    return np.asarray((windows - windows.mean(axis=1, keepdims=True)) * np.hanning(size))


def _autocorrelation(windows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size = windows.shape[1]
    power = np.abs(np.fft.rfft(windows, 2 * size, axis=1)) ** 2
    return np.asarray(np.fft.irfft(power, axis=1)[:, :size])


def _flatness(windows: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """Spectral flatness of each window: geometric over arithmetic mean of the power."""
    power = np.abs(np.fft.rfft(windows, axis=1)) ** 2 + 1e-12
    hz = np.fft.rfftfreq(windows.shape[1], 1 / rate)
    power = power[:, (hz >= _BAND_HZ[0]) & (hz < _BAND_HZ[1])]
    return np.asarray(np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1))
