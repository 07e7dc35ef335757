"""One thread that sends the packets of all guilds, each 20 ms after the one before.

discord.py's own player is a thread per channel; with some hundred channels on two cores the
threads fight for the interpreter and packets come seconds late. Here one thread keeps a heap of
due times and waits for nobody: a packet if there is one, silence while an utterance waits for its
next sentence, nothing when there is nothing to say.

What delays it are other threads that hold Python's lock and other programs on the processor; it
asks both to give way.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import os
import sys
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from bot.condition import Condition
from bot.speech.types import PACKET_SECONDS
from bot.voice.outlet import Outlet, PacketSink, Step
from bot.voice.track import Track, TrackEvent

CATCH_UP_SECONDS = 0.015
"""Least distance of two packets while a late guild catches up: quicker would be a burst."""

REANCHOR_SECONDS = 0.1
"""Whoever is later than this starts a new schedule from now: the listeners have heard the break,
and catching up would only add delay to their buffers."""

_SLACK_SECONDS = 0.0005
"""Packets due this soon go out with the one that is due: one wake-up instead of many."""


BEAT_SECONDS = 1.0
"""How often the thread shows that it lives while there is nothing to send."""

MISSING_SECONDS = 5.0
"""Without a sign of life for so long, nobody hears anything."""

SWITCH_SECONDS = 0.0005
"""How long the event loop may keep Python's lock while a packet is due. The pacer has to ask for it
again after every packet, so at the interpreter's default of 5 ms some channels fall behind."""


@dataclass(slots=True)
class PacerStats:
    """Counters since the start.

    late: packets sent more than 20 ms after they were due. late_seconds: of all packets together.
    realtime: whether the machine lets the thread run before ordinary programs.
    """

    packets: int = 0
    late: int = 0
    reanchored: int = 0
    late_seconds: float = 0.0
    max_late_seconds: float = 0.0
    realtime: bool = False


class Pacer:
    """The thread and its schedule. `start` it on the event loop that hears the track events."""

    def __init__(self) -> None:
        self.stats = PacerStats()
        # Outlets to look at now; None to look at `_closing`, or for a sign of life. Bounded by the
        # calls of the players, which are a few per utterance.
        self._inbox: SimpleQueue[Outlet | None] = SimpleQueue()
        # When to send, an order among equals, when it is due, whose turn it is.
        self._heap: list[tuple[float, int, float, Outlet]] = []
        self._order = itertools.count()
        self._closing = False
        self.beat_at = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
        self._switch_seconds = sys.getswitchinterval()

    def condition(self) -> Condition:
        """Return whether the thread lives and looks at its schedule."""
        if self._closing or self._thread.ident is None:
            return Condition("off", "It was shut down." if self._closing else "Not started yet.")
        silent = time.monotonic() - self.beat_at
        if not self._thread.is_alive():
            return Condition("failing", "Its thread ended; the program has to be started again.")
        if silent > MISSING_SECONDS:
            return Condition("failing", f"Nothing was sent nor looked at for {silent:.0f} s.")
        return Condition("ok")

    def start(self) -> None:
        """Start the thread, and have Python's lock change hands quickly until `close`.

        Raises `RuntimeError` if it was started before.
        """
        self._loop = asyncio.get_running_loop()
        self.beat_at = time.monotonic()
        self._thread.start()
        sys.setswitchinterval(SWITCH_SECONDS)

    async def close(self) -> None:
        """End the thread, within 20 ms and in mid-word if need be."""
        self._closing = True
        self._inbox.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)
            sys.setswitchinterval(self._switch_seconds)

    @property
    def running(self) -> bool:
        """Whether the thread was started and is not to end."""
        return self._thread.ident is not None and not self._closing

    def nudge(self) -> None:
        """Have the thread come round once, for a sign of life."""
        self._inbox.put(None)

    def outlet(self, sink: PacketSink) -> Outlet:
        """Return a new place in the schedule that sends to `sink`."""
        return Outlet(sink, self._notify, self._inbox.put)

    def _notify(self, track: Track, event: TrackEvent) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(track.on_event, event)

    def _run(self) -> None:
        self.stats.realtime = _run_before_others()
        while not self._closing:
            self.beat_at = time.monotonic()
            self._receive()
            self._send_due()

    def _receive(self) -> None:
        """Sleep until a packet is due or an outlet calls."""
        with contextlib.suppress(Empty):
            outlet = self._inbox.get(timeout=self._idle_seconds())
            while True:
                if outlet is not None and not outlet.scheduled:
                    outlet.scheduled = True
                    now = time.perf_counter()
                    self._schedule(outlet, now, now)
                outlet = self._inbox.get_nowait()

    def _idle_seconds(self) -> float:
        if not self._heap:
            return BEAT_SECONDS
        return max(0.0, self._heap[0][0] - time.perf_counter())

    def _schedule(self, outlet: Outlet, due: float, at: float) -> None:
        heapq.heappush(self._heap, (at, next(self._order), due, outlet))

    def _send_due(self) -> None:
        # One round at most, so that calls are heard also when the machine cannot keep up.
        for _ in range(len(self._heap)):
            now = time.perf_counter()
            at, _order, due, outlet = self._heap[0]
            if at > now + _SLACK_SECONDS:
                return
            heapq.heappop(self._heap)
            step = outlet.step()
            if step is Step.IDLE:
                outlet.scheduled = False
                continue
            self._schedule(outlet, *next_turn(due, now))
            if step is Step.SENT:
                self._count(now - due)

    def _count(self, late: float) -> None:
        stats = self.stats
        stats.packets += 1
        stats.late += late > PACKET_SECONDS
        stats.reanchored += late > REANCHOR_SECONDS
        stats.late_seconds += max(0.0, late)
        stats.max_late_seconds = max(stats.max_late_seconds, late)


def _run_before_others() -> bool:
    """Give this thread the least real-time priority; whether the machine allows it.

    It takes CAP_SYS_NICE or the limit RLIMIT_RTPRIO (`LimitRTPRIO=1` of systemd). Others are not
    starved: the thread sleeps most of the time, and the kernel keeps 5 % for them (sched(7)).
    """
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        return False
    return True


def next_turn(due: float, now: float) -> tuple[float, float]:
    """When the packet after the one that was due at `due` and went out at `now` is due, and goes.

    On time: 20 ms after `due`, so errors never add up. Late: it goes at least 15 ms after `now`,
    which wins back 5 ms a packet until the schedule is met again. Later than 100 ms: a new schedule
    begins at `now`.
    """
    if now - due > REANCHOR_SECONDS:
        due = now
    due += PACKET_SECONDS
    return due, max(due, now + CATCH_UP_SECONDS)
