"""The median pitch of a voice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.enrolment.types import FRAME_SAMPLES
from bot.librosa_loading import load_librosa
from storage.types import CLIP_SAMPLE_RATE

Floats = npt.NDArray[np.float64]

LOWEST_HZ = 55.0
HIGHEST_HZ = 600.0
"""From a low bass to a small child."""

RATE = 12_000
"""Hz. Twenty times the highest pitch; parabolic interpolation does the rest."""

HOP = 360
"""30 ms at 12 kHz: a half-minute clip has hundreds of voiced frames."""

WINDOW = 512
"""43 ms at 12 kHz: two periods of the lowest pitch."""

MIN_PERIODICITY = 0.8
"""Correlation of a frame with itself one period later; voiced speech has 0.9 and more."""

QUIET_DB = -25.0
"""Frames this far below the speech's mean power are endings and breath."""

MIN_FRAMES = 10
"""Fewer voiced frames than 0.3 s give no median worth the name."""

OCTAVE_GUARD = 1.6
"""Frames further than this factor from the median are octave errors or creaks."""


def median_pitch(
    samples: npt.NDArray[np.float32], is_speech: npt.NDArray[np.bool_]
) -> float | None:
    """Return the median fundamental frequency in Hz of the voiced frames, None if there are few.

    samples: float32, shape (n,), 24 kHz. is_speech: per frame of 768 samples.

    YIN (de Cheveigné and Kawahara, 2002) by librosa gives a pitch for every frame, also where
    there is none. Kept are the frames of speech that are not quiet and repeat themselves after
    the period found; then those far from their median are dropped, which removes octave errors.
    """
    librosa = load_librosa()
    if len(samples) < MIN_FRAMES * FRAME_SAMPLES:
        return None
    voice = librosa.resample(samples, orig_sr=CLIP_SAMPLE_RATE, target_sr=RATE, res_type="soxr_hq")
    pitch = librosa.yin(
        voice, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE,
        frame_length=WINDOW, hop_length=HOP, center=False,
    )  # fmt: skip
    voiced = pitch[_is_voiced(voice, pitch, is_speech)]
    if len(voiced) < MIN_FRAMES:
        return None
    median = np.median(voiced)
    near = voiced[np.abs(np.log(voiced / median)) < np.log(OCTAVE_GUARD)]
    return float(np.median(near))


def _is_voiced(
    voice: npt.NDArray[np.float32], pitch: Floats, is_speech: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return for each frame of YIN whether it is speech, loud enough and periodic."""
    starts = np.arange(len(pitch)) * HOP
    speech_frame = (starts + WINDOW // 2) * (CLIP_SAMPLE_RATE // RATE) // FRAME_SAMPLES
    spoken = is_speech[np.minimum(speech_frame, len(is_speech) - 1)]
    period = np.round(RATE / pitch).astype(np.intp)
    padded = np.pad(voice, (0, WINDOW))
    frames = padded[starts[:, None] + np.arange(WINDOW // 2)]
    later = padded[(starts + period)[:, None] + np.arange(WINDOW // 2)]
    power = np.einsum("ij,ij->i", frames, frames)
    later_power = np.einsum("ij,ij->i", later, later)
    product = np.einsum("ij,ij->i", frames, later)
    periodicity = product / np.sqrt(np.maximum(power * later_power, 1e-20))
    loud = power > 10 ** (QUIET_DB / 10) * (power[spoken].mean() if spoken.any() else np.inf)
    voiced: npt.NDArray[np.bool_] = spoken & loud & (periodicity >= MIN_PERIODICITY)
    return voiced
