"""Hum of the mains: found as lines that never pause, and taken out with notches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.enrolment.blockwise import filter_in_place
from storage.types import CLIP_SAMPLE_RATE

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

MAINS_HZ = (50, 60)
HIGHEST_HZ = 1000
"""Harmonics above are buzz that lies below a voice's own noise."""

WINDOW = CLIP_SAMPLE_RATE
"""A second, so that lines are told apart to a hertz."""

MAX_WINDOWS = 40
"""Spread over the recording: hum is the same throughout."""

QUIETEST = 0.25
"""Share of the windows that is believed: a voice's partials move and pause, hum does not."""

PROMINENCE_DB = 12.0
"""How far a line stands above what lies 5 to 15 Hz beside it. Noise reaches 6 dB."""

AUDIBLE_DB = -45.0
"""Hum this far below the speech is left alone."""

NOTCH_HZ = 2.0
"""Width of a notch. The mains keep within a fifth of a hertz, recorders' clocks within a tenth of
a thousandth; twenty such notches take 4 % of a voice."""


@dataclass(frozen=True, slots=True)
class Hum:
    """mains_hz: 50 or 60. lines: frequencies found, in Hz. level_db: against the speech, in dB."""

    mains_hz: int
    lines: tuple[float, ...]
    level_db: float


def find_hum(samples: Samples, speech_power: float) -> Hum | None:
    """Return the hum of a recording, or None. samples: float32, shape (n,), 24 kHz.

    speech_power: mean square of the speech.
    """
    if len(samples) < 2 * WINDOW or speech_power <= 0:
        return None
    spectrum = _lasting_spectrum(samples)
    found = [hum for mains in MAINS_HZ if (hum := _hum_of(spectrum, mains, speech_power))]
    return max(found, key=lambda hum: (len(hum.lines), hum.level_db), default=None)


def remove_hum(samples: Samples, hum: Hum) -> None:
    """Notch the lines of a hum out of float32 samples, 24 kHz, in place and with zero phase."""
    from scipy.signal import iirnotch, tf2sos  # it belongs in the worker only

    notches = [tf2sos(*iirnotch(line, line / NOTCH_HZ, fs=CLIP_SAMPLE_RATE)) for line in hum.lines]
    filter_in_place(samples, np.concatenate(notches))


def _lasting_spectrum(samples: Samples) -> Floats:
    """Return the power of a sine in each bin of 1 Hz that the quietest windows have."""
    starts = np.linspace(0, len(samples) - WINDOW, min(MAX_WINDOWS, 2 * len(samples) // WINDOW))
    taper = np.hanning(WINDOW).astype(np.float32)
    scale = 2 / float(taper.sum()) ** 2
    rows = [
        np.abs(np.fft.rfft(samples[start : start + WINDOW] * taper)[: HIGHEST_HZ + 20]) ** 2
        for start in starts.astype(np.intp)
    ]
    spectrum: Floats = scale * np.quantile(np.array(rows), QUIETEST, axis=0)
    return spectrum


def _hum_of(spectrum: Floats, mains: int, speech_power: float) -> Hum | None:
    lines, power = [], 0.0
    for harmonic in range(mains, HIGHEST_HZ + 1, mains):
        line = harmonic - 1 + int(np.argmax(spectrum[harmonic - 1 : harmonic + 2]))
        beside = np.concatenate(
            [spectrum[max(0, harmonic - 15) : harmonic - 4], spectrum[harmonic + 5 : harmonic + 16]]
        )
        floor = max(float(np.median(beside)), 1e-14)
        if spectrum[line] > floor * 10 ** (PROMINENCE_DB / 10):
            lines.append(_between_bins(spectrum, line))
            power += float(spectrum[line])
    level = 10 * np.log10(max(power / speech_power, 1e-12))
    return Hum(mains, tuple(lines), float(level)) if lines and level > AUDIBLE_DB else None


def _between_bins(spectrum: Floats, line: int) -> float:
    """Return where a line lies exactly: the vertex of a parabola through its logarithms."""
    left, middle, right = np.log(np.maximum(spectrum[line - 1 : line + 2], 1e-14))
    curve = left - 2 * middle + right
    return line + float(0.5 * (left - right) / curve if curve < 0 else 0.0)
