"""Where nobody speaks: what is heard there is the room, not the voice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.enrolment.types import FRAME_SAMPLES


def pause_windows(
    is_speech: npt.NDArray[np.bool_], length: int, window: int, most: int
) -> npt.NDArray[np.intp]:
    """Return where windows begin that hold no speech, at most `most`, spread over the recording.

    is_speech: per frame of 768 samples. length, window: in samples.
    """
    heard = np.concatenate([[0], np.cumsum(is_speech)])
    starts = np.arange(0, max(0, length - window), window // 8)
    first, last = starts // FRAME_SAMPLES, (starts + window - 1) // FRAME_SAMPLES
    silent: npt.NDArray[np.intp] = starts[heard[last + 1] == heard[first]]
    step = -(-len(silent) // most) or 1
    return silent[::step]
