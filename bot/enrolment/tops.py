"""Flat tops: what clipping leaves, also where a recording was made quieter afterwards."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.enrolment.types import FRAME_SAMPLES

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

CLIPPED_LEVEL = 0.995
"""Share of full scale (-0.04 dB) from which a sample counts as clipped whatever the shape of the
wave: nothing higher can be stored. Limiters stay 0.1 dB and more below."""

PEAK_SHARE = 2e-4
"""A side's peak is what this share of its samples exceeds: codecs overshoot, a knock stands out."""

TOP, SHOULDER = 0.9, 0.7
FLAT_RATIO = 0.65
"""How many samples lie over 0.9 of the peak for one between 0.7 and 0.9. Measured: clean speech 0.3
to 0.45, through a limiter (1 or 5 ms) or a saturating amplifier 0.2 to 0.6; clipped by 12 dB 0.8
to 0.9, as wav, mp3, aac or Opus; by 16 dB 0.8 to 1.3."""

CROWDED_RISE, CROWDED_SHARE = 1.8, 3e-4
"""How many samples lie within 5 % of the peak for one within the emptiest such step below; and the
fewest that count. Measured: clean and saturated speech 1.0 to 1.2, limited by up to 24 dB 1.0 to
1.6; clipped by 6 to 24 dB 1.9 to 8.6, as wav, mp3, aac or Opus."""

MIN_PEAK = 0.01
"""-40 dBFS; below, it is no recorder's limit but its noise."""


MAX_FRAMES = 1875
"""The loudest minute of speech is where its peaks are."""


def flat_tops(samples: Samples, is_speech: npt.NDArray[np.bool_]) -> Floats:
    """Return for each frame of 768 samples the share that lies in flat tops, float64.

    samples: float32, shape (n,), 24 kHz, without offset. is_speech: per frame. The upper and lower
    sides are looked at by themselves, because recorders clip one first. Of a clean wave there is
    less the nearer one comes to its peak; of a clipped one there is more.
    """
    shares = np.zeros(len(is_speech))
    whole = len(samples) // FRAME_SAMPLES
    frames, is_speech = (
        samples[: whole * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES),
        is_speech[:whole],
    )
    spoken = np.flatnonzero(is_speech)
    if len(spoken) == 0:
        return shares
    for side, peaks in ((1, frames.max(axis=1)), (-1, -frames.min(axis=1))):
        loudest = spoken[np.argsort(-peaks[spoken], kind="stable")[:MAX_FRAMES]]
        level = _flat_level(side * frames[loudest].ravel(), len(spoken) * FRAME_SAMPLES)
        if level is not None:
            hit = spoken[peaks[spoken] >= level]
            shares[hit] += (side * frames[hit] >= level).mean(axis=1, dtype=np.float64)
    return shares


def _flat_level(wave: Samples, count: int) -> float | None:
    """Return the level from which the upper side is flat; None if it is round.

    wave: the loudest of `count` samples.
    """
    rank = max(0, len(wave) - 1 - int(PEAK_SHARE * count))
    peak = float(np.partition(wave, rank)[rank])
    top = int(np.count_nonzero(wave >= TOP * peak))
    shoulder = int(np.count_nonzero(wave >= SHOULDER * peak)) - top
    if peak < MIN_PEAK:
        return None
    return TOP * peak if top > FLAT_RATIO * shoulder else _crowded_level(wave, peak, count)


def _crowded_level(wave: Samples, peak: float, count: int) -> float | None:
    """Return the level below the peak at which samples crowd; None if they do not.

    Behind a codec or a filter, flat tops ripple, and some of the ripple is far above them.
    """
    levels = peak * np.arange(0.4, 1.16, 0.05)
    counts = np.histogram(wave, levels)[0]
    fewest = np.minimum.accumulate(np.maximum(counts, 1))
    rise = np.where(counts > CROWDED_SHARE * count, counts / fewest, 0)
    crowded = int(np.argmax(rise))
    return float(levels[crowded]) if rise[crowded] > CROWDED_RISE else None
