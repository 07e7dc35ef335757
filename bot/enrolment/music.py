"""Music behind a voice: in the pauses, what sounds on is tones rather than noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.enrolment.types import FRAME_SAMPLES
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


def music_level(
    samples: Samples, is_speech: npt.NDArray[np.bool_], speech_power: float
) -> float | None:
    """Return how loud music is against the speech, in dB; None where there is none.

    samples: float32, shape (n,), 24 kHz. is_speech: per frame of 768 samples. speech_power: mean
    square of the speech. Judged is what lies between 100 Hz and 5 kHz in the pauses.
    """
    starts = _pause_windows(is_speech, len(samples))
    if len(starts) < MIN_WINDOWS or speech_power <= 0:
        return None
    spectra = _spectra(samples, starts)
    level = 10 * np.log10(max(float(np.median(spectra.sum(axis=1))), 1e-14) / speech_power)
    return float(level) if level > AUDIBLE_DB and _is_tonal(spectra) else None


def _pause_windows(is_speech: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.intp]:
    """Return where windows begin that hold no speech, spread over the recording."""
    heard = np.concatenate([[0], np.cumsum(is_speech)])
    starts = np.arange(0, max(0, length - WINDOW), WINDOW // 8)
    first, last = starts // FRAME_SAMPLES, (starts + WINDOW - 1) // FRAME_SAMPLES
    silent: npt.NDArray[np.intp] = starts[heard[last + 1] == heard[first]]
    step = -(-len(silent) // MAX_WINDOWS) or 1
    return silent[::step]


def _spectra(samples: Samples, starts: npt.NDArray[np.intp]) -> Floats:
    """Return the mean square in each bin, one row a window."""
    taper = np.hanning(WINDOW)
    low, high = (round(hz * WINDOW / CLIP_SAMPLE_RATE) for hz in (LOWEST_HZ, HIGHEST_HZ))
    windows = samples[starts[:, None] + np.arange(WINDOW)] * taper
    power = np.abs(np.fft.rfft(windows)[:, low:high]) ** 2
    spectra: Floats = 2 * power / (WINDOW * np.sum(taper**2))
    return spectra


def _is_tonal(spectra: Floats) -> bool:
    from scipy.ndimage import maximum_filter1d, median_filter  # they belong in the worker only

    peaks = spectra > PEAK * median_filter(spectra, size=(1, NEIGHBOURS))
    share = (spectra * peaks).sum(axis=1) / np.maximum(spectra.sum(axis=1), 1e-20)
    tops = peaks & (spectra == maximum_filter1d(spectra, 5, axis=1))
    return bool(
        np.median(share) >= TONAL_SHARE
        and np.quantile(share, 0.25) >= TONAL_SHARE_OF_MOST
        and np.median(tops.sum(axis=1)) >= MIN_PEAKS
    )
