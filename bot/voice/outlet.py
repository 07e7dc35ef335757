"""One guild's place in the pacer's schedule: which packet goes out next."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from bot.voice.track import Track, TrackEvent

SILENCE = b"\xf8\xff\xfe"
"""An Opus frame of 20 ms of silence."""

CLOSING_SILENCE = 5
"""Frames of silence after speech, so that listeners' decoders do not extrapolate the last word
(https://discord.com/developers/docs/topics/voice-connections#voice-data-interpolation)."""

Notify = Callable[[Track, TrackEvent], None]


class PacketSink(Protocol):
    """Where a guild's packets go. All three are called on the pacer's thread and never block."""

    def ready(self) -> bool:
        """Whether a packet sent now can be heard: connected, and encrypted if need be."""

    def send(self, packet: bytes) -> None:
        """Send one Opus packet."""

    def speaking(self, on: bool) -> None:
        """Show the bot as speaking or as silent."""


class Step(Enum):
    """What one step of an outlet came to."""

    SENT = auto()
    WAIT = auto()  # nothing could be sent; ask again in 20 ms
    IDLE = auto()  # nothing to say; `Outlet.play` and `Outlet.stop` wake it


class Outlet:
    """Made by `Pacer.outlet`. `play` and `stop` belong to the event loop, `step` to the pacer.

    The two sides share one reference, `_wanted`, so neither waits for the other.
    """

    def __init__(self, sink: PacketSink, notify: Notify, wake: Callable[[Outlet], None]) -> None:
        self.scheduled = False  # the pacer's own mark
        self.error: Exception | None = None
        self._sink = sink
        self._notify = notify
        self._wake = wake
        self._wanted: Track | None = None
        self._seen: Track | None = None
        self._current: Track | None = None
        self._closing = 0
        self._held = False
        self._failed = False
        self._audible = False

    def play(self, track: Track) -> None:
        """Play `track` from where it stands, in place of what plays now; also after FAILED."""
        self._wanted = track
        self._failed = False
        self._wake(self)

    def stop(self) -> None:
        """Fall silent with the next packet; what plays now reports nothing more."""
        self._wanted = None
        self._wake(self)

    def step(self) -> Step:
        """Send the packet that is due. Never raises: a failing guild must not reach another."""
        try:
            return self._step()
        except Exception as error:
            self.error = error  # logged by the player: this thread does no other I/O
            self._failed, self._audible = True, False
            if self._current is not None:
                self._notify(self._current, TrackEvent.FAILED)
            return Step.IDLE

    def _step(self) -> Step:
        if self._wanted is not self._seen:
            self._change()
        if self._failed or (self._current is None and self._closing == 0):
            return self._rest()
        if not self._sink.ready():
            return self._hold()
        self._speak()
        if self._closing > 0 or self._current is None:
            self._closing -= 1
            self._sink.send(SILENCE)
        else:
            self._play(self._current)
        return Step.SENT

    def _change(self) -> None:
        if self._current is not None and self._current.sent > 0:
            self._closing = CLOSING_SILENCE
        self._current = self._seen = self._wanted
        self._held = False  # that was told about another track

    def _rest(self) -> Step:
        if self._audible:
            self._audible = False
            self._sink.speaking(False)
        return Step.IDLE

    def _hold(self) -> Step:
        self._audible = False
        if self._current is None:
            self._closing = 0
            return Step.IDLE
        if not self._held:
            self._held = True
            self._notify(self._current, TrackEvent.HELD)
        return Step.WAIT

    def _speak(self) -> None:
        if self._held:
            self._held = False
            if self._current is not None:
                self._notify(self._current, TrackEvent.RESUMED)
        if not self._audible:
            self._audible = True
            self._sink.speaking(True)

    def _play(self, track: Track) -> None:
        item = track.poll()
        while item is TrackEvent.SENTENCE:
            self._notify(track, TrackEvent.SENTENCE)
            item = track.poll()
        if isinstance(item, bytes):
            self._sink.send(item)
            track.take()
            if track.sent == 1:
                self._notify(track, TrackEvent.STARTED)
            return
        if item is TrackEvent.YIELDED:
            self._notify(track, item)
        if item is TrackEvent.PLAYED:
            self._current = None
            self._closing = CLOSING_SILENCE - 1
            self._notify(track, TrackEvent.PLAYED)
        self._sink.send(SILENCE)
