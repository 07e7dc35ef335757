"""Music behind a voice: in the pauses, what sounds on is tones rather than noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.enrolment.pauses import pause_windows
from storage.types import CLIP_SAMPLE_RATE

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

WINDOW = 4096
"""171 ms at 24 kHz: tones are told apart to 12 Hz, and a short pause holds one."""

MIN_WINDOWS, MAX_WINDOWS = 4, 100

LOWEST_HZ, HIGHEST_HZ = 100, 5000

PEAK = 10.0
NEIGHBOURS = 41
"""A peak has this many times the median power of the bins around it, 240 Hz wide; in noise 1 bin in
1000 does."""

TONAL_SHARE, TONAL_SHARE_OF_MOST = 0.45, 0.3
MIN_PEAKS = 8
"""Share of the power that lies in peaks, median and lower quartile of the windows, and peaks in a
window. Measured behind speech: orchestral music 0.57 to 1.0 with 8 to 44 peaks; white, pink and
brown noise under 0.1; the reverberation of the voice itself up to 0.33."""

AUDIBLE_DB = -40.0

RINGING_HZ = 18.0
"""Around a notch: three bins, over which the window spreads a tone."""

_BINS = tuple(round(hz * WINDOW / CLIP_SAMPLE_RATE) for hz in (LOWEST_HZ, HIGHEST_HZ))


def music_level(
    samples: Samples,
    is_speech: npt.NDArray[np.bool_],
    speech_power: float,
    notches: Sequence[float] = (),
) -> float | None:
    """Return how loud music is against the speech, in dB; None where there is none.

    samples: float32, shape (n,), 24 kHz. is_speech: per frame of 768 samples. speech_power: mean
    square of the speech. notches: in Hz; filters there ring on after a word, which is no
    tune. Judged is what lies between 100 Hz and 5 kHz in the pauses.
    """
    starts = pause_windows(is_speech, len(samples), WINDOW, MAX_WINDOWS)
    if len(starts) < MIN_WINDOWS or speech_power <= 0:
        return None
    spectra = _spectra(samples, starts)
    heard = _away_from(notches)
    power = float(np.median(spectra[:, heard].sum(axis=1)))
    level = 10 * np.log10(max(power, 1e-14) / speech_power)
    return float(level) if level > AUDIBLE_DB and _is_tonal(spectra, heard) else None


def _spectra(samples: Samples, starts: npt.NDArray[np.intp]) -> Floats:
    """Return the mean square in each bin, one row a window."""
    taper = np.hanning(WINDOW)
    low, high = _BINS
    windows = samples[starts[:, None] + np.arange(WINDOW)] * taper
    power = np.abs(np.fft.rfft(windows)[:, low:high]) ** 2
    spectra: Floats = 2 * power / (WINDOW * np.sum(taper**2))
    return spectra


def _away_from(notches: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Return the bins that no notch rings in, bool, one for each of `_spectra`."""
    bins = np.arange(*_BINS) * (CLIP_SAMPLE_RATE / WINDOW)
    distance = np.abs(bins[:, None] - np.array([np.inf, *notches]))
    away: npt.NDArray[np.bool_] = distance.min(axis=1) > RINGING_HZ
    return away


def _is_tonal(spectra: Floats, heard: npt.NDArray[np.bool_]) -> bool:
    from scipy.ndimage import maximum_filter1d, median_filter  # they belong in the worker only

    peaks = heard & (spectra > PEAK * median_filter(spectra, size=(1, NEIGHBOURS)))
    power = np.maximum(spectra[:, heard].sum(axis=1), 1e-20)
    share = (spectra * peaks).sum(axis=1) / power
    tops = peaks & (spectra == maximum_filter1d(spectra, 5, axis=1))
    return bool(
        np.median(share) >= TONAL_SHARE
        and np.quantile(share, 0.25) >= TONAL_SHARE_OF_MOST
        and np.median(tops.sum(axis=1)) >= MIN_PEAKS
    )
