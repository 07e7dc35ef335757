"""Flat tops: what clipping leaves, also where a recording was made quieter afterwards."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]

CLIPPED_LEVEL = 0.95
"""Share of full scale (-0.45 dB) from which a sample counts as clipped: mp3 and aac bring the flat
tops of a clipped wave down by a few hundredths. A clean recording that was normalised to full
scale has under 0.01 % of its samples there."""

NEAR_PEAK = 0.97
"""Clipping happens at one level, so that flat tops lie at the highest peaks of a channel."""

FLATNESS = 0.001
"""Neighbours in a flat top differ by less than this share of the peak. The round top of a 500 Hz
wave at 48 kHz does so for one step; a limiter, which rides on such waves, keeps them round."""

FLAT_STEPS = 3
"""Steps in a row that make a top flat: four samples, a twelfth of a millisecond at 48 kHz."""


def at_full_scale(channels: Samples) -> Positions:
    """Return where any channel is at full scale. channels: float32, shape (n, channels)."""
    return np.flatnonzero(np.any(np.abs(channels) >= CLIPPED_LEVEL, axis=1))


class FlatTops:
    """Finds flat tops near the highest peak so far, in each channel and on either side."""

    def __init__(self) -> None:
        self._peaks = np.zeros((2, 0), np.float32)

    def find(self, channels: Samples) -> tuple[Positions, float]:
        """Return where a channel is flat on top, and the peak that they were compared with.

        channels: float32, shape (n, channels). What lies below a later, higher peak was none.
        """
        extremes: Samples = np.stack([channels.max(axis=0), -channels.min(axis=0)])
        same = self._peaks.shape == extremes.shape
        if same:
            np.maximum(extremes, self._peaks, out=extremes)
        self._peaks = extremes
        found: list[Positions] = [np.empty(0, np.intp)]
        for wave, (upper, lower) in zip(channels.T, self._peaks.T, strict=True):
            found += [_flat(wave, float(upper)), _flat(wave, -float(lower))]
        return np.unique(np.concatenate(found)), float(self._peaks.max())


def _flat(wave: Samples, peak: float) -> Positions:
    """Return where a channel stays at its peak, which is negative on the lower side."""
    near = np.flatnonzero(wave >= NEAR_PEAK * peak if peak > 0 else wave <= NEAR_PEAK * peak)
    if len(near) <= FLAT_STEPS or peak == 0:
        return near[:0]
    steps = (np.diff(near) == 1) & (np.abs(np.diff(wave[near])) <= FLATNESS * abs(peak))
    edges = np.flatnonzero(np.diff(steps.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    runs = edges[edges[:, 1] - edges[:, 0] >= FLAT_STEPS]
    flat: Positions = near[np.concatenate([near[:0], *(np.arange(a, b + 1) for a, b in runs)])]
    return flat
