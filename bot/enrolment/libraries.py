"""The libraries of the media worker, which the bot process must never import."""

from __future__ import annotations

import functools

from bot.enrolment.activity import load_detectors
from bot.librosa_loading import load_librosa


@functools.cache
def load_libraries() -> None:
    """Import what the stages use, once, before the clock of an upload's work runs.

    On a slow disk, and where nothing is compiled yet, that takes longer than an upload may.
    """
    import av.subtitles.codeccontext
    import scipy.ndimage
    import scipy.signal

    load_librosa()
    # SciPy and PyAV import parts when they are first asked for; PyAV by what stands in a file.
    _ = scipy.signal.sosfiltfilt, scipy.ndimage.median_filter, av.subtitles.codeccontext
    load_detectors()
