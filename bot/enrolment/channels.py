"""From channels to one: the mix by layout, and what shows that the mix is not the voice."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
from av.audio.layout import AudioChannel

from bot.i18n import N_

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_FRONT, _CENTRE, _OTHER, _BASS = 0.7071, 1.0, 0.5, 0.0
_WEIGHTS = {"FL": _FRONT, "FR": _FRONT, "DL": _FRONT, "DR": _FRONT, "FC": _CENTRE,
            "LFE": _BASS, "LFE2": _BASS}  # fmt: skip
"""Weights of the mono downmix of ITU-R BS.775, by FFmpeg's names of channels; others count as
surround. They are divided by their sum, so that equal channels keep their level."""

_USUAL = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""WAV's order where a file has no mask of channels, as FFmpeg has it."""

KNOWN = (
    N_("left"),
    N_("right"),
    N_("front left"),
    N_("front right"),
    N_("front center"),
    N_("back left"),
    N_("back right"),
    N_("back center"),
    N_("side left"),
    N_("side right"),
)
"""What FFmpeg calls the channels that people speak on."""

TOO_QUIET_DB = -2.0
"""Channels of one voice add up to nearly the louder one: spaced microphones lose under 2 dB, two
independent ones 3 dB, a silent one beside the voice 6 dB, an inverted one everything."""

WEAK_DB = -40.0
"""A channel this far below the loudest is the other's echo."""

SAME_CORRELATION = 0.98
"""Channels that agree so far, upside down or not, are one."""

MAX_CANDIDATES = 4
"""Channels that are listened to one by one; the centre first, then the loudest."""


def mix_weights(layout: av.AudioLayout) -> Samples:
    """Return the share of each channel in the mix, float32, shape (channels,), with sum 1."""
    names = [channel.name for channel in channels_of(layout)]
    weights = np.array([_WEIGHTS.get(name, _OTHER) for name in names], np.float32)
    if weights.sum() == 0:
        weights = np.ones(layout.nb_channels, np.float32)
    shares: Samples = weights / weights.sum()
    return shares


def channels_of(layout: av.AudioLayout) -> tuple[AudioChannel, ...]:
    """Return the channels; those of the usual layout of as many, where a file does not name them.

    Channels that nobody knows are called by their number.
    """
    channels = tuple(layout.channels)
    if any(channel.name in ("NONE", "UNK", "") for channel in channels):
        usual = _USUAL.get(layout.nb_channels)
        channels = tuple(av.AudioLayout(usual).channels) if usual else channels
    if len(channels) != layout.nb_channels:
        count = layout.nb_channels
        channels = tuple(AudioChannel("NONE", f"number {n + 1}") for n in range(count))
    return channels


class Balance:
    """How loud the channels of a track are, alone and together."""

    def __init__(self) -> None:
        self._sums: dict[str, Floats] = {}
        self._layouts: dict[str, av.AudioLayout] = {}

    def add(self, channels: Samples, layout: av.AudioLayout) -> None:
        """Take in samples, shape (n, channels)."""
        if layout.nb_channels == 1:
            return
        product = (channels.T @ channels).astype(np.float64)
        if layout.name in self._sums:
            self._sums[layout.name] += product
        else:
            self._sums[layout.name], self._layouts[layout.name] = product, layout

    def candidates(self) -> dict[str, int]:
        """Return the channels to listen to one by one, as name to index; none if the mix is fine.

        They are those of the layout that most was heard in.
        """
        if not self._sums:
            return {}
        name = max(self._sums, key=lambda layout: float(self._sums[layout].trace()))
        return _candidates(self._sums[name], self._layouts[name])


def _candidates(sums: Floats, layout: av.AudioLayout) -> dict[str, int]:
    weights = mix_weights(layout).astype(np.float64)
    power = np.where(weights > 0, sums.diagonal(), 0.0)
    loudest = float(power.max())
    if weights @ sums @ weights >= loudest * 10 ** (TOO_QUIET_DB / 10):
        return {}
    channels = channels_of(layout)
    names = [channel.name for channel in channels]
    order = sorted(range(len(names)), key=lambda index: (names[index] != "FC", -power[index]))
    chosen: list[int] = []
    for index in order:
        is_weak = power[index] <= loudest * 10 ** (WEAK_DB / 10)
        if not is_weak and not any(_is_same(sums, index, other) for other in chosen):
            chosen.append(index)
    return {_name(channels, index): index for index in chosen[:MAX_CANDIDATES]}


def _name(channels: tuple[AudioChannel, ...], index: int) -> str:
    """Return what a person calls a channel, and no other of the same file."""
    name = channels[index].description
    if sum(channel.description == name for channel in channels) > 1:
        return f"number {index + 1}"
    return name.removeprefix("front ") if len(channels) == 2 else name


def _is_same(sums: Floats, one: int, other: int) -> bool:
    alone = float(np.sqrt(sums[one, one] * sums[other, other]))
    return abs(float(sums[one, other])) > SAME_CORRELATION * alone
