"""How much work an upload may cause: packets, processor time, and packets that hold no sound."""

from __future__ import annotations

import io
import time

from bot.enrolment.types import SUPPORTED, AudioFileError
from bot.i18n import Translatable, joined

BASE_SECONDS = 20.0
SECONDS_PER_MB = 2.0
"""Processor time of an upload. Ten minutes of any usual codec take 2 to 4 s on a present core, also
as 1 MB, and a small board is five times slower."""

BASE_PACKETS = 30_000
PACKETS_PER_BYTE = 1
"""Ten minutes in packets of 20 ms are 30,000. Discontinuous transmission sends packets of one byte
through silence (AMR, Opus)."""

MAX_BAD_PACKETS = 250
MAX_BAD_SHARE_UNDERWAY = 0.5
"""Decoding ends early when both are passed; a recording that was cut begins with a few bad ones."""

MAX_BAD_SHARE = 0.1
"""A stray unreadable packet is inaudible; a tenth of them is a damaged file."""

_MEGABYTE = 2**20


class Work:
    """The processor time that an upload has taken of this process, in all passes over it."""

    def __init__(self, size: int) -> None:
        """size: bytes of the upload."""
        self.max_packets = BASE_PACKETS + PACKETS_PER_BYTE * size
        self._limit = BASE_SECONDS + SECONDS_PER_MB * size / _MEGABYTE
        self._begun = time.process_time()

    @property
    def half_done(self) -> bool:
        """Whether half of the time is over: enough to try nothing more."""
        return time.process_time() - self._begun > self._limit / 2

    def check(self) -> None:
        """Raise `AudioFileError` when the time is over."""
        if time.process_time() - self._begun > self._limit:
            raise _too_much()


class Progress:
    """How far a pass over one sound track came. Raises `AudioFileError` where it must end."""

    def __init__(self, max_seconds: float, work: Work) -> None:
        """max_seconds: longest recording that is allowed."""
        self.seconds = 0.0
        self.reached = 0.0  # by the container's clock, which also counts gaps
        self._first: float | None = None
        self._packets = 0
        self._bad = 0
        self._max_seconds = max_seconds
        self._work = work

    @property
    def is_damaged(self) -> bool:
        """Whether nothing, or too little of what was read, could be decoded."""
        return self.seconds == 0 or self._bad > MAX_BAD_SHARE * self._packets

    @property
    def is_hopeless(self) -> bool:
        """Whether so many packets were bad that the rest need not be read."""
        return self._bad > MAX_BAD_PACKETS and self._bad > MAX_BAD_SHARE_UNDERWAY * self._packets

    def count_packet(self, begin: float | None, seconds: float) -> None:
        """Count a packet that begins at a time of the container's clock, where it has one."""
        self._packets += 1
        if self._packets > self._work.max_packets:
            raise _too_much()
        self._work.check()
        if begin is None:
            return
        # A part of a broadcast begins at any time of day.
        self._first = begin if self._first is None else self._first
        self.reached = max(self.reached, begin + seconds)
        self._check_length(begin - self._first)  # not its end: some durations are nonsense

    def count_bad(self) -> None:
        """Count a packet that cannot be decoded."""
        self._bad += 1

    def count_sound(self, seconds: float) -> None:
        """Count decoded sound."""
        self.seconds += seconds
        self._check_length(self.seconds)

    def _check_length(self, seconds: float) -> None:
        # A hundredth more by the clock: encoders pad the last packet.
        if seconds > self._max_seconds + 0.01:
            raise AudioFileError(
                Translatable(
                    "The recording is longer than {time}. Send a part of it; 10 to 20 seconds of "
                    "speech are enough.",
                    time=_minutes(self._max_seconds),
                )
            )


class WatchedBytes(io.BytesIO):
    """An upload in memory; reading ends when its time is over, also while a file is searched."""

    def __init__(self, data: bytes, work: Work) -> None:
        super().__init__(data)
        self._work = work

    def read(self, size: int | None = -1, /) -> bytes:
        """Read like `BytesIO`. Raises `AudioFileError`."""
        self._work.check()
        return super().read(size)


def _too_much() -> AudioFileError:
    return AudioFileError(
        joined(
            (
                Translatable(
                    "The file takes too much work to read, as damaged files do. Record it again, "
                    "or open it in an audio program and export it anew."
                ),
                SUPPORTED,
            )
        )
    )


def _minutes(seconds: float) -> Translatable:
    if seconds >= 120:
        return Translatable("{minutes:g} minutes", minutes=seconds / 60)
    return Translatable("{seconds:g} seconds", seconds=seconds)
