"""From an engine's samples to what is heard: speed, one loudness for all voices, volume, peaks.

Each sentence is brought to the level by itself. So the sentences of a text are equally loud, as
the texts of all members are, and a sentence sounds the same whatever was spoken before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.speech.delivery import Delivery
from bot.speech.filtering import loudness_lufs, stretched
from bot.speech.limiter import CEILING_DBTP, limited
from bot.speech.opus import to_opus_rate

MAX_GAIN_DB = 24.0
"""Before the volume. More would make a shout of a whisper, and bring up the noise of silence."""

MAX_REDUCTION_DB = 8.0
"""What the limiter takes from the highest peak at most; more of it would be heard."""

_CLOSE_LU = 0.3
_TRIES = 3

Samples = npt.NDArray[np.float32]


def mastered(samples: Samples, rate: float, delivery: Delivery) -> Samples:
    """Return the samples (float32, shape (n,), `rate` Hz) as they are delivered, at 48 kHz."""
    return levelled(stretched(to_opus_rate(samples, rate), delivery.speed), delivery)


def levelled(samples: Samples, delivery: Delivery) -> Samples:
    """Return the samples (float32, shape (n,), 48 kHz) at the delivery's loudness.

    Their true peak is within `CEILING_DBTP`. What the limiter takes from the loudness is added
    before it, within the bounds.
    """
    loudness = loudness_lufs(samples)
    if loudness is None:
        return samples
    gain = min(delivery.loudness_lufs - loudness, MAX_GAIN_DB) + delivery.volume_db
    target, most = loudness + gain, CEILING_DBTP + MAX_REDUCTION_DB - _peak_db(samples)
    for _ in range(_TRIES):
        louder = samples * np.float32(10 ** (min(gain, most) / 20))
        result = limited(louder)
        if result is louder or gain >= most:
            break
        missing = target - (loudness_lufs(result) or target)
        if missing < _CLOSE_LU:
            break
        gain += missing
    return result


def _peak_db(samples: Samples) -> float:
    return float(20 * np.log10(np.abs(samples).max()))
