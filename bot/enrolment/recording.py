"""An upload as enrolment works on it: 24 kHz audio with speech and clipping marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.enrolment.activity import (
    Segments,
    find_segments,
    speech_mask,
    speech_probabilities,
)
from bot.enrolment.decode import FIRST_MIX, Chunk, Source, Survey, decode
from bot.enrolment.highpass import remove_rumble
from bot.enrolment.hum import Hum, find_hum, remove_hum
from bot.enrolment.resample import BlockResampler
from bot.enrolment.tops import flat_tops
from bot.enrolment.types import FRAME_SAMPLES, FRAME_SECONDS, EnrolmentLimits, Origin
from bot.enrolment.work import Work
from storage.types import CLIP_SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Recording:
    """A decoded upload, and what is known about its frames of 32 ms (768 samples).

    samples: float32, shape (n,), 24 kHz. source_rate: Hz, of the upload.
    speech: (start, end) frames of speech, shape (m, 2). is_speech: bool, per frame.
    clipped: float64, per frame, the share of the upload's samples that are cut off.
    power: float64, per frame, mean square.
    hum: what was notched out. origin: which of several sound tracks or channels it is.
    """

    samples: npt.NDArray[np.float32]
    source_rate: int
    speech: Segments
    is_speech: npt.NDArray[np.bool_]
    clipped: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    hum: Hum | None = None
    origin: Origin = field(default_factory=Origin)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / CLIP_SAMPLE_RATE


def record(
    data: bytes,
    limits: EnrolmentLimits,
    source: Source = FIRST_MIX,
    work: Work | None = None,
    survey: Survey | None = None,
) -> Recording:
    """Decode a track of an upload, resample it to 24 kHz and find the speech in it.

    Takes and raises what `decode` does.
    """
    return recorded(decode(data, limits, source, work, survey), limits.max_seconds)


def recorded(chunks: Iterator[Chunk], max_seconds: float) -> Recording:
    """Resample decoded audio to 24 kHz and find the speech in it; what is longer is left out."""
    tape = _Tape(max_seconds)
    tape.fill(chunks)
    return tape.read()


class _Tape:
    """One array for all of an upload at 24 kHz; memory is taken only as far as it is filled."""

    def __init__(self, max_seconds: float) -> None:
        # A block more, for what a change of rate and the last chunk round up.
        capacity = int((max_seconds + 1) * CLIP_SAMPLE_RATE)
        self._samples = np.empty(capacity, np.float32)
        self._clipped = np.zeros(capacity // FRAME_SAMPLES + 1)
        self._length = 0
        self._source_rate = CLIP_SAMPLE_RATE

    def fill(self, chunks: Iterator[Chunk]) -> None:
        """Resample all chunks onto the tape; their rate may change between them."""
        resampler: BlockResampler | None = None
        begin = heard = 0  # where the present rate's audio starts on the tape, and its samples
        for chunk in chunks:
            if resampler is None or chunk.sample_rate != self._source_rate:
                if resampler is not None:
                    self._append(resampler.flush())
                self._source_rate, begin, heard = chunk.sample_rate, self._length, 0
                resampler = BlockResampler(chunk.sample_rate, CLIP_SAMPLE_RATE)
            self._mark_clipped(chunk, begin, heard)
            heard += len(chunk.samples)
            for block in resampler.feed(chunk.samples):
                self._append(block)
        if resampler is not None:
            self._append(resampler.flush())

    def read(self) -> Recording:
        """Return what was recorded, without rumble and with the speech in it."""
        samples = self._samples[: self._length]
        remove_rumble(samples)
        segments = find_segments(speech_probabilities(samples))
        power = _frame_power(samples)
        is_speech = speech_mask(segments, len(power))
        tops = flat_tops(samples, is_speech)
        spoken = float(power[is_speech].mean()) if is_speech.any() else 0.0
        hum = find_hum(samples, is_speech, spoken)
        if hum is not None:
            remove_hum(samples, hum)
            power = _frame_power(samples)
        return Recording(
            samples=samples,
            source_rate=self._source_rate,
            speech=segments,
            is_speech=is_speech,
            clipped=np.maximum(self._clipped[: len(power)], tops),
            power=power,
            hum=hum,
        )

    def _append(self, samples: npt.NDArray[np.float32]) -> None:
        stretch = self._samples[self._length :][: len(samples)]
        stretch[:] = samples[: len(stretch)]
        self._length += len(stretch)

    def _mark_clipped(self, chunk: Chunk, begin: int, heard: int) -> None:
        if len(chunk.clipped) == 0:
            return
        seconds = begin / CLIP_SAMPLE_RATE + (heard + chunk.clipped) / chunk.sample_rate
        frames = np.minimum((seconds / FRAME_SECONDS).astype(np.intp), len(self._clipped) - 1)
        share = 1 / (chunk.sample_rate * FRAME_SECONDS)
        self._clipped += np.bincount(frames, minlength=len(self._clipped)) * share


def _frame_power(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the mean square of each frame of 768 samples; the last may be shorter."""
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    frames, rest = samples[:whole].reshape(-1, FRAME_SAMPLES), samples[whole:]
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / FRAME_SAMPLES
    return np.append(power, np.mean(rest * rest, dtype=np.float64)) if len(rest) else power
