"""Which part of an upload becomes the clip.

Chatterbox conditions its token model on the first 6 s of a clip, its decoder on the first 10 s and
its voice encoder on all of it. So the start is chosen for what follows it at once, and the clip
stays one contiguous stretch of the upload: phrases put in another order would change the rhythm
that the model imitates, and nobody could check the clip against the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from bot.enrolment.activity import Segments
from bot.enrolment.recording import Recording
from bot.enrolment.types import FRAME_SECONDS

Floats = npt.NDArray[np.float64]

LEAD_FRAMES = round(10 / FRAME_SECONDS)
"""Chatterbox's decoder hears the first 10 s of a clip."""

LEAD_TOLERANCE = 0.9
"""Starts whose first 10 s are within a tenth of the best are equally good; the whole decides."""

LONGEST_PHRASE_FRAMES = round(8 / FRAME_SECONDS)
SHORTEST_PHRASE_FRAMES = round(4 / FRAME_SECONDS)
"""Speech without a pause is divided at its quietest moment within this range."""

FLOOR_FRAMES = round(5 / FRAME_SECONDS)
"""The noise floor at a frame is the quietest moment within this range of it."""

CLEAN_SNR_DB = 30.0
"""Noise this far below the speech no longer counts against a frame."""

NOISY_WORTH = 0.1
"""What a frame of speech in noise as loud as itself is worth, against 1 for a clean one."""

CLIPPED_WORTHLESS = 0.005
"""Speech with this share of clipped samples, above what the recording has throughout, is worth
nothing; more costs."""

CLIPPING_FRAMES = round(1 / FRAME_SECONDS)
"""Clipping is seen by the second: within a vowel it comes and goes by the frame."""


@dataclass(frozen=True, slots=True)
class Window:
    """The kept part of a recording, in frames of 32 ms; empty if there is no speech."""

    start: int
    end: int


def choose_window(recording: Recording, keep_seconds: float) -> Window:
    """Return the best contiguous window of at most `keep_seconds`.

    It begins and ends at pauses (at the quietest moment, where speech goes on without any). Of
    the possible starts those with the best first 10 s are taken, of them the one with most clean
    speech up to its best end. All candidates are compared at once with cumulative sums.
    """
    keep = max(1, int(keep_seconds / FRAME_SECONDS))
    phrases = split_phrases(recording.speech, recording.power, min(keep, LONGEST_PHRASE_FRAMES))
    if len(phrases) == 0:
        return Window(0, 0)
    total = np.concatenate([[0.0], np.cumsum(frame_worth(recording))])
    starts, ends = phrases[:, 0], phrases[:, 1]
    lead = total[np.minimum(starts + LEAD_FRAMES, ends[-1])] - total[starts]
    worth, last = _best_ends(starts, ends, total, keep)
    # Where clipping makes every start worth less than nothing, the least bad remains.
    leading = lead >= lead.max() - (1 - LEAD_TOLERANCE) * abs(lead.max())
    best = int(np.argmax(np.where(leading, worth, -np.inf)))
    return Window(int(starts[best]), int(ends[last[best]]))


def _best_ends(
    starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], total: Floats, keep: int
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return for each start the worth of its best window, and the phrase that ends it."""
    first = np.arange(len(starts))
    reach = np.searchsorted(ends, starts + keep, side="right") - 1
    steps = np.arange(int((reach - first).max()) + 1)
    last = np.minimum(first[:, None] + steps, len(ends) - 1)
    worth = np.where(last <= reach[:, None], total[ends[last]] - total[starts][:, None], -np.inf)
    best = worth.argmax(axis=1)
    return worth[first, best], last[first, best]


def split_phrases(speech: Segments, power: Floats, longest: int) -> Segments:
    """Return the segments of speech, those over `longest` frames divided at quiet moments."""
    smooth = np.convolve(power, np.ones(3) / 3, mode="same")
    shortest = min(SHORTEST_PHRASE_FRAMES, longest // 2)
    phrases: list[tuple[int, int]] = []
    for segment_start, end in speech.tolist():
        start = segment_start
        while end - start > longest:
            cut = start + shortest + int(np.argmin(smooth[start + shortest : start + longest]))
            phrases.append((start, cut))
            start = cut
        phrases.append((start, end))
    return np.array(phrases, np.intp).reshape(-1, 2)


def frame_worth(recording: Recording) -> Floats:
    """Return what each frame adds to a clip: 1 for clean speech, less for noise and clipping."""
    clean = np.clip(_local_snr_db(recording) / CLEAN_SNR_DB, NOISY_WORTH, 1)
    worth: Floats = recording.is_speech * (clean - _clipping_cost(recording))
    return worth


def _clipping_cost(recording: Recording) -> Floats:
    """Return what clipping takes from each frame's worth, 1 for all of it.

    Counted from the better quarter of the speech, so that clipped parts are left out of a
    recording that has others, and a recording that is clipped all over can still be compared.
    """
    kernel = np.ones(CLIPPING_FRAMES) / CLIPPING_FRAMES
    padded = np.pad(recording.clipped, (CLIPPING_FRAMES // 2, (CLIPPING_FRAMES - 1) // 2))
    share = np.convolve(padded, kernel, mode="valid").astype(np.float64)
    usual = float(np.quantile(share[recording.is_speech], 0.25))
    cost: Floats = (share - usual) / (usual + CLIPPED_WORTHLESS)
    return cost


def _local_snr_db(recording: Recording) -> Floats:
    """Return how far the noise around each frame lies below the recording's speech, in dB.

    The noise floor is the minimum of the smoothed power nearby (after R. Martin, "Noise power
    spectral density estimation based on optimal smoothing and minimum statistics", 2001), before
    or after the frame, whichever is higher: a frame does not get cleaner by what borders on it.
    """
    smooth = np.convolve(np.pad(recording.power, 2, mode="symmetric"), np.ones(5) / 5, mode="valid")
    padded = np.pad(smooth, FLOOR_FRAMES, mode="symmetric")
    lowest = sliding_window_view(padded, FLOOR_FRAMES + 1).min(axis=1)
    floor = np.maximum(lowest[:-FLOOR_FRAMES], lowest[FLOOR_FRAMES:])
    level = recording.power[recording.is_speech].mean()
    snr: Floats = 10 * np.log10(np.maximum(level, 1e-12) / np.maximum(floor, 1e-12))
    return snr
