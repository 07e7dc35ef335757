"""A live recording of one member, from the press of a button to what came of it.

The room that receives packets (`bot.voice`) drives it; a card shows it and may stop or cancel it.
All of it belongs to the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from bot.consent.packets import OPUS_RATE, PlacedPacket, RecordedSpeech, sounding_samples
from bot.i18n import N_

_LEVEL_SAMPLES = OPUS_RATE * 4 // 10
"""The level tells of the last 0.4 s that were heard, so that syllables move it."""

_LEVEL_SECONDS = 0.5
"""Without a packet for this long, nobody is speaking."""


class RecordingState(Enum):
    """Where a recording stands."""

    WAITING = auto()  # the bot listens; nothing was heard yet
    RECORDING = auto()
    OVER = auto()


class RecordingEnd(Enum):
    """How a recording ended. Nothing of it is kept but after `STOPPED` and `FULL`."""

    STOPPED = auto()  # the member pressed Stop
    FULL = auto()  # the time was up
    CANCELLED = auto()  # the member pressed Cancel, or their card is gone
    NO_SPEECH = auto()  # nothing was heard
    MEMBER_LEFT = auto()
    MEMBER_MOVED = auto()
    MEMBER_MUTED = auto()  # by themselves or a moderator
    BOT_MOVED = auto()
    BOT_LEFT = auto()  # disconnected by a moderator, or told to leave
    BOT_DEAFENED = auto()  # by a moderator
    CONNECTION_LOST = auto()  # of the call or the gateway, also if it came back at once
    SHUTTING_DOWN = auto()
    FAILED = auto()  # a fault of the program; the log says which

    @property
    def kept(self) -> bool:
        """Whether what was heard is handed out."""
        return self in (RecordingEnd.STOPPED, RecordingEnd.FULL)


REASONS: Mapping[RecordingEnd, str] = {
    RecordingEnd.CANCELLED: N_("Cancelled. Nothing was kept."),
    RecordingEnd.NO_SPEECH: N_(
        "I heard nothing from you. Check that your name lights up in the voice channel when you "
        "speak; if it does, mute and unmute yourself once. Then start again."
    ),
    RecordingEnd.MEMBER_LEFT: N_(
        "You left the voice channel, so the recording ended and nothing was kept. Come back and "
        "start again."
    ),
    RecordingEnd.MEMBER_MOVED: N_(
        "You changed to another voice channel, so the recording ended and nothing was kept. Come "
        "back and start again."
    ),
    RecordingEnd.MEMBER_MUTED: N_(
        "You were muted, so the recording ended and nothing was kept. Unmute yourself and start "
        "again; if a moderator muted you, ask them."
    ),
    RecordingEnd.BOT_MOVED: N_(
        "I was moved to another voice channel, so the recording ended and nothing was kept. Start "
        "again where we are both."
    ),
    RecordingEnd.BOT_LEFT: N_(
        "I was disconnected from the voice channel, so the recording ended and nothing was kept. "
        "Call me back and start again."
    ),
    RecordingEnd.BOT_DEAFENED: N_(
        "A moderator deafened me, so I hear nobody, and nothing was kept. Ask a moderator to "
        "undeafen me, then start again."
    ),
    RecordingEnd.CONNECTION_LOST: N_(
        "My connection to Discord was interrupted, so the recording ended and nothing was kept. "
        "Start again in a moment."
    ),
    RecordingEnd.SHUTTING_DOWN: N_(
        "I am shutting down, so the recording ended and nothing was kept. Start again in a few "
        "minutes."
    ),
    RecordingEnd.FAILED: N_(
        "The recording failed, and nothing was kept. Start again; if that does not help, tell the "
        "operator, whose log says why."
    ),
}
"""What to tell the member after an end that keeps nothing."""


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """Bounds of one recording.

    seconds: how long the bot listens at most, from the press of the button on.
    waiting_seconds: of these, how long it waits for the first sound.
    max_bytes: of all its packets: 40 s at Opus's highest rate, 510 kbit/s.
    """

    seconds: float = 40.0
    waiting_seconds: float = 15.0
    max_bytes: int = 2_600_000


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """What a recording came to. speech: None unless it was kept."""

    end: RecordingEnd
    speech: RecordedSpeech | None = None


class LiveRecording:
    """One member's recording.

    A card reads `state`, `seconds`, `elapsed` and `level`, calls `stop` or `cancel`, and awaits
    `ended`, which resolves once, never with an error, when the bot is deaf again.
    """

    def __init__(self, member_id: int, limits: RecordingLimits | None = None) -> None:
        """Make a recording; it listens from `begin` on. Needs a running event loop."""
        self.member_id = member_id
        self.limits = limits or RecordingLimits()
        self.unreadable = 0  # packets that came and could not be decrypted
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[RecordingEnd] = self._loop.create_future()
        self.ended: asyncio.Future[RecordingResult] = self._loop.create_future()
        self.flush: Callable[[], None] = lambda: None  # hands over what waits to be in order
        self._packets: list[PlacedPacket] = []
        self._bytes = 0
        self._sounding = 0  # samples
        self._timers: list[asyncio.TimerHandle] = []
        self._begun_at: float | None = None
        self._loudness = _Level()

    @property
    def state(self) -> RecordingState:
        """Where it stands."""
        if self.over.done():
            return RecordingState.OVER
        return RecordingState.RECORDING if self._sounding else RecordingState.WAITING

    @property
    def seconds(self) -> float:
        """How many seconds of sound were heard so far; silence and pauses do not count."""
        return self._sounding / OPUS_RATE

    @property
    def elapsed(self) -> float:
        """How many seconds the bot has listened; `limits.seconds` at most."""
        if self._begun_at is None:
            return 0.0
        return min(self._loop.time() - self._begun_at, self.limits.seconds)

    @property
    def level(self) -> float:
        """How lively the last moments were, from 0 (nobody speaks) to 1, for a moving bar.

        The packets are not decoded here: it is how much was sent, which follows the sound because
        Opus spends more on more of it. It is no loudness.
        """
        return 0.0 if self.over.done() else self._loudness.now(self._loop.time())

    def stop(self) -> None:
        """End it and keep what was heard; without a sound, that is `NO_SPEECH`."""
        self.end(RecordingEnd.STOPPED)

    def cancel(self) -> None:
        """End it and keep nothing."""
        self.end(RecordingEnd.CANCELLED)

    # What the room that receives packets calls.

    def begin(self) -> None:
        """Hear that the bot listens now: the time runs."""
        self._begun_at = self._loop.time()
        self._timers = [
            self._loop.call_later(self.limits.seconds, self.end, RecordingEnd.FULL),
            self._loop.call_later(self.limits.waiting_seconds, self._waited),
        ]

    def take(self, packet: PlacedPacket) -> None:
        """Keep the next packet in order; ends as `FULL` when there is no room for it."""
        if self.over.done():
            return
        if self._bytes + len(packet.opus) > self.limits.max_bytes or self._too_late(packet):
            self.end(RecordingEnd.FULL)
            return
        self._packets.append(packet)
        self._bytes += len(packet.opus)
        sounding = sounding_samples(packet.opus)
        self._sounding += sounding
        self._loudness.add(packet.opus if sounding else b"", sounding, self._loop.time())

    def end(self, end: RecordingEnd) -> None:
        """End it, unless it has ended."""
        if end.kept:
            flush, self.flush = self.flush, lambda: None
            flush()  # which may fill it up
        if self.over.done():
            return
        if end.kept and not self._sounding:
            end = RecordingEnd.NO_SPEECH
        for timer in self._timers:
            timer.cancel()
        if not end.kept:
            self._packets.clear()
        self.over.set_result(end)

    def settle(self) -> None:
        """Hand out what was kept: the bot is deaf again. Ends it as `FAILED` if nothing did."""
        self.end(RecordingEnd.FAILED)
        if not self.ended.done():
            self.ended.set_result(RecordingResult(self.over.result(), self._speech()))
        self._packets.clear()

    def _speech(self) -> RecordedSpeech | None:
        if not self.over.result().kept:
            return None
        return RecordedSpeech(self.member_id, tuple(self._packets), self.unreadable)

    def _waited(self) -> None:
        if not self._sounding:
            self.end(RecordingEnd.NO_SPEECH)

    def _too_late(self, packet: PlacedPacket) -> bool:
        return packet.start > self.limits.seconds * OPUS_RATE


class _Level:
    """How many bytes a second were sent of late, compared with the liveliest moment so far."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque()  # bytes, samples
        self._samples = 0
        self._most = 0.0
        self._at = 0.0

    def add(self, packet: bytes, samples: int, at: float) -> None:
        self._at = at
        self._recent.append((len(packet), max(samples, OPUS_RATE // 50)))
        self._samples += self._recent[-1][1]
        while self._samples > _LEVEL_SAMPLES:
            self._samples -= self._recent.popleft()[1]
        self._most = max(self._most, self._rate())

    def now(self, at: float) -> float:
        silent = at - self._at > _LEVEL_SECONDS or self._most == 0
        return 0.0 if silent else self._rate() / self._most

    def _rate(self) -> float:
        return sum(size for size, _ in self._recent) / _LEVEL_SAMPLES
