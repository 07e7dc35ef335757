"""Resampling in blocks, so that a long upload is never held at its own rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bot.librosa_loading import load_librosa

Samples = npt.NDArray[np.float32]

BLOCK_SECONDS = 8
"""A whole number, so that each block starts on a sample of both rates whatever they are."""

CONTEXT_SECONDS = 1
"""Resampled on both sides of a block and discarded. soxr's filters are shorter by far."""


class BlockResampler:
    """librosa's `soxr_hq`, fed and read in pieces.

    The pieces joined equal `librosa.resample` of the whole signal: blocks of whole seconds are
    resampled with a second of context on either side, which is discarded (overlap-discard).
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._source_rate = source_rate
        self._target_rate = target_rate
        self._pieces: list[Samples] = []
        self._held = 0
        self._context = 0  # samples at the start of what is held that are already resampled

    @property
    def held_seconds(self) -> float:
        """Seconds of audio that wait for what follows them."""
        return self._held / self._source_rate

    def feed(self, samples: Samples) -> Iterator[Samples]:
        """Take float32 samples, shape (n,), at the source rate; yield blocks that are ready."""
        self._pieces.append(samples)
        self._held += len(samples)
        block = BLOCK_SECONDS * self._source_rate
        context = CONTEXT_SECONDS * self._source_rate
        while self._held >= self._context + block + context:
            held = self._join()
            yield self._resample(held[: self._context + block + context])[
                : BLOCK_SECONDS * self._target_rate
            ]
            self._keep(held[self._context + block - context :], context)

    def flush(self) -> Samples:
        """Return the rest, up to the end of the signal, and be ready for another one."""
        rest = self._resample(self._join())
        self._keep(np.empty(0, np.float32), 0)
        return rest

    def _resample(self, samples: Samples) -> Samples:
        librosa = load_librosa()
        new = len(samples) - self._context
        if new == 0:
            return np.empty(0, np.float32)
        resampled: Samples = librosa.resample(
            samples,
            orig_sr=self._source_rate,
            target_sr=self._target_rate,
            res_type="soxr_hq",
        )
        # librosa rounds the length up in floating point, sometimes by one too many.
        length = -(-new * self._target_rate // self._source_rate)
        return resampled[self._context // self._source_rate * self._target_rate :][:length]

    def _join(self) -> Samples:
        return np.concatenate(self._pieces) if self._pieces else np.empty(0, np.float32)

    def _keep(self, samples: Samples, context: int) -> None:
        # A copy, so that the joined block can be freed.
        self._pieces = [samples.copy()]
        self._held = len(samples)
        self._context = context
