"""The libraries of the media worker, which the bot process must never import."""

from __future__ import annotations

import functools

from bot.enrolment.activity import load_detectors


@functools.cache
def load_libraries() -> None:
    """Import what the stages use, once, before the clock of an upload's work runs.

    On a slow disk, and where nothing is compiled yet, that takes longer than an upload may.
    """
    import librosa
    import scipy.ndimage
    import scipy.signal

    # librosa imports its parts, numba among them, when they are first asked for; SciPy likewise.
    _ = librosa.resample, librosa.yin, scipy.signal.sosfiltfilt, scipy.ndimage.median_filter
    load_detectors()
