"""How quick an engine is: moving averages of what its sentences took."""

from __future__ import annotations

from bot.pool.placement import Speed

MEMORY = 0.95
"""What a sentence still counts when the next one is noted; about the last twenty decide."""

_SPREAD = 25.0
"""Letters by which lengths must differ, as a standard deviation, to tell fixed seconds apart."""

_WEIGHT_OF_NEWEST = 0.25
"""In the other moving averages."""


class SpeedMeter:
    """Fits seconds = fixed + per_letter * letters by least squares, in which the past fades.

    Where all sentences were about as long, all of their time is taken to go with their length.
    """

    def __init__(self) -> None:
        self._weight = self._letters = self._seconds = 0.0
        self._squares = self._products = 0.0
        self._preparing: float | None = None
        self._serial: float | None = None

    def note(
        self,
        letters: int,
        seconds: float,
        preparing: float | None = None,
        serial: float | None = None,
    ) -> None:
        """Take note of a sentence.

        seconds: that it took by itself, without preparing and without waiting for a slot.
        preparing: that its voice took; None where it was prepared. serial: see `Speed`; None where
        that is not known.
        """
        self._weight = MEMORY * self._weight + 1.0
        self._letters = MEMORY * self._letters + letters
        self._seconds = MEMORY * self._seconds + seconds
        self._squares = MEMORY * self._squares + letters**2
        self._products = MEMORY * self._products + letters * seconds
        self._preparing = _averaged(self._preparing, preparing)
        self._serial = _averaged(self._serial, serial)

    @property
    def speed(self) -> Speed | None:
        """What was measured; None before the first sentence."""
        if not self._weight:
            return None
        preparing, serial = self._preparing or 0.0, self._serial or 0.0
        letters, seconds = self._letters / self._weight, self._seconds / self._weight
        variance = self._squares / self._weight - letters**2
        if variance >= _SPREAD**2:
            slope = (self._products / self._weight - letters * seconds) / variance
            slope = min(max(slope, 0.0), seconds / letters)  # neither part may be negative
            return Speed(seconds - slope * letters, slope, preparing, serial)
        return Speed(0.0, seconds / max(1.0, letters), preparing, serial)


def _averaged(before: float | None, newest: float | None) -> float | None:
    if before is None or newest is None:
        return before if newest is None else newest
    return before + _WEIGHT_OF_NEWEST * (newest - before)
