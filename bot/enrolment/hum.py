"""Hum of the mains: found as lines that never pause, and taken out with notches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.enrolment.blockwise import filter_in_place
from bot.enrolment.pauses import pause_windows
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

MAINS_VARIATION = 0.004
"""Share by which the mains and a recorder's clock differ from 50 or 60 Hz."""

PAUSE_WINDOW = 4096
"""171 ms: short pauses hold one, and it keeps harmonics apart."""

MIN_PAUSES = 4

FAINTEST_LINE = 1e-6
"""Of the power of the speech: what is fainter, nobody hears."""

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


def find_hum(samples: Samples, is_speech: npt.NDArray[np.bool_], speech_power: float) -> Hum | None:
    """Return the hum of a recording, or None. samples: float32, shape (n,), 24 kHz.

    is_speech: per frame of 768 samples. speech_power: mean square of the speech.
    """
    if len(samples) < 2 * WINDOW or speech_power <= 0:
        return None
    spectrum = _lasting_spectrum(samples)
    pauses = _pauses(samples, is_speech)
    found = [hum for mains in MAINS_HZ if (hum := _hum_of(spectrum, pauses, mains, speech_power))]
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


def _pauses(samples: Samples, is_speech: npt.NDArray[np.bool_]) -> Samples:
    """Return windows without speech, tapered; shape (windows, PAUSE_WINDOW), perhaps no windows."""
    starts = pause_windows(is_speech, len(samples), PAUSE_WINDOW, MAX_WINDOWS)
    taper = np.hanning(PAUSE_WINDOW).astype(np.float32)
    return samples[starts[:, None] + np.arange(PAUSE_WINDOW)] * taper


def _hum_of(spectrum: Floats, pauses: Samples, mains: int, speech_power: float) -> Hum | None:
    powers = _lines_of(spectrum, mains)
    if powers:
        powers |= _lines_in_pauses(pauses, _fundamental(powers, mains), powers, speech_power)
    level = 10 * np.log10(max(sum(powers.values()) / speech_power, 1e-12))
    lines = tuple(sorted(powers))
    return Hum(mains, lines, float(level)) if lines and level > AUDIBLE_DB else None


def _lines_of(spectrum: Floats, mains: int) -> dict[float, float]:
    """Return the power of each line that stands out of the whole recording, by its frequency."""
    powers = {}
    for harmonic in range(mains, HIGHEST_HZ + 1, mains):
        reach = max(1, round(MAINS_VARIATION * harmonic))
        line = harmonic - reach + int(np.argmax(spectrum[harmonic - reach : harmonic + reach + 1]))
        beside = np.concatenate(
            [spectrum[max(0, harmonic - 15) : harmonic - 4], spectrum[harmonic + 5 : harmonic + 16]]
        )
        floor = max(float(np.median(beside)), 1e-14)
        if spectrum[line] > floor * 10 ** (PROMINENCE_DB / 10):
            powers[_between_bins(spectrum, line)] = float(spectrum[line])
    return powers


def _fundamental(powers: dict[float, float], mains: int) -> float:
    """Return the mains' frequency: of high harmonics, which tell it best, and all."""
    lines = np.array(list(powers))
    orders = np.round(lines / mains)
    return float(np.average(lines / orders, weights=orders**2))


def _lines_in_pauses(
    pauses: Samples, fundamental: float, known: dict[float, float], speech_power: float
) -> dict[float, float]:
    """Return the harmonics that the voice hides, but that its pauses show."""
    powers: dict[float, float] = {}
    if len(pauses) < MIN_PAUSES:
        return powers
    have = {round(line / fundamental) for line in known}
    for order in range(1, int(HIGHEST_HZ / fundamental) + 1):
        line = order * fundamental
        power = _power_at(pauses, line)
        beside = (_power_at(pauses, line + side * fundamental / 2) for side in (-1, 1))
        floor = max(*beside, 1e-14) * 10 ** (PROMINENCE_DB / 10)
        if order not in have and power > max(floor, FAINTEST_LINE * speech_power):
            powers[line] = power
    return powers


def _power_at(windows: Samples, frequency: float) -> float:
    """Return the power of a sine of that frequency in tapered windows, their median."""
    turns = np.exp(-2j * np.pi * frequency / CLIP_SAMPLE_RATE * np.arange(PAUSE_WINDOW))
    scale = 2 / np.hanning(PAUSE_WINDOW).sum() ** 2
    return float(scale * np.median(np.abs(windows @ turns) ** 2))


def _between_bins(spectrum: Floats, line: int) -> float:
    """Return where a line lies exactly: the vertex of a parabola through its logarithms."""
    left, middle, right = np.log(np.maximum(spectrum[line - 1 : line + 2], 1e-14))
    curve = left - 2 * middle + right
    return line + float(0.5 * (left - right) / curve if curve < 0 else 0.0)
