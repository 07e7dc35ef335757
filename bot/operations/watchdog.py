"""What a service manager is told: ready, stopping, and that the bot is alive (sd_notify(3)).

Own code, because the package for it on the index is not kept and the protocol is a datagram.
systemd restarts a service with `WatchdogSec` that falls silent. It is fed only while the event loop
turns, where this runs, and the pacer's thread has come round since it was fed last.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

import structlog

from bot.operations.vitals import Reading, Vitals

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether something is to be told."""

FEEDS = 4
"""In the time within which the service manager wants one."""

LOOKS_OF_GRACE = 2
"""A busy machine may not have given the pacer its turn by the next look."""

STARTING_SECONDS = 60
"""By which the time to start is prolonged again and again: Discord may be away for minutes."""


class Notifier:
    """Sends datagrams to the service manager; to nobody where there is none."""

    def __init__(self, address: str | None) -> None:
        """address: a path, or a name of the abstract namespace that begins with @."""
        self._address = address

    def tell(self, *assignments: str) -> bool:
        """Send assignments such as READY=1; whether somebody got them. Never blocks or raises."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return False
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            try:
                channel.sendto("\n".join(assignments).encode(), address)
            except (OSError, ValueError):  # it is gone, or takes nothing just now
                return False
        return True


def watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Return within which time the service manager wants a sign of life, if it wants any."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for another process
    with contextlib.suppress(ValueError):
        seconds = int(environment.get("WATCHDOG_USEC", "")) / 1e6
        return seconds if seconds > 0 else None
    return None


class Watchdog:
    """Tells the service manager how the bot stands, from `run` until that is cancelled."""

    def __init__(
        self, vitals: Vitals, environment: Mapping[str, str], *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """environment: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are looked up in it."""
        self._vitals = vitals
        self._notifier = Notifier(environment.get("NOTIFY_SOCKET"))
        limit = watchdog_seconds(environment)
        self._feed_seconds = limit / FEEDS if limit else None
        self._look_seconds = min(look_seconds, self._feed_seconds or look_seconds)
        self._ready = self._stopping = self._told_stopping = False
        self._still = 0  # looks in a row at which the pacer had not moved
        self._fed = 0.0
        self._status = ""
        self._seen: tuple[object, float] | None = None  # the pacer that was nudged, and its beat

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again. stop: set when the bot is to end."""
        while True:
            self.look(asyncio.get_running_loop().time(), stopping=stop.is_set())
            await self._pause(stop)

    async def _pause(self, stop: asyncio.Event) -> None:
        if stop.is_set():
            await asyncio.sleep(self._look_seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look_seconds):
                await stop.wait()

    def look(self, now: float, *, stopping: bool = False) -> None:
        """Tell what has changed since the last look, and what nobody took then.

        now: seconds, monotonic.
        """
        self._stopping = stopping
        if not stopping:
            self._tell_state(self._vitals.reading())
        elif not self._told_stopping:
            self._told_stopping = self._notifier.tell("STOPPING=1", "STATUS=stopping")
        if now >= self._fed + (self._feed_seconds or STARTING_SECONDS / FEEDS):
            self._feed(now)

    def _tell_state(self, reading: Reading) -> None:
        status = status_line(reading)
        ready = reading.connected and not self._ready
        if not ready and status == self._status:
            return
        if self._notifier.tell(*(["READY=1"] if ready else []), f"STATUS={status}"):
            self._ready, self._status = self._ready or ready, status

    def _feed(self, now: float) -> None:
        if not self._ready and not self._stopping:
            self._notifier.tell(f"EXTEND_TIMEOUT_USEC={STARTING_SECONDS * 1_000_000}")
        if self._pacer_moved():
            self._fed = now
            if self._feed_seconds is not None:
                self._notifier.tell("WATCHDOG=1")

    def _pacer_moved(self) -> bool:
        """Whether the pacer came round since it was nudged last; nudges it again if so."""
        pulse = self._vitals.pulse()
        if pulse is None:
            self._seen = None
            return True
        if self._seen is not None and self._seen[0] is pulse and self._seen[1] == pulse.beat_at:
            self._still += 1
            if self._still == LOOKS_OF_GRACE:
                log.error("the thread that sends speech does not move", stage="voice")
            return False
        self._seen, self._still = (pulse, pulse.beat_at), 0
        pulse.nudge()
        return True


def status_line(reading: Reading) -> str:
    """Return one line for `systemctl status`."""
    if not reading.connected:
        return "connecting to Discord"
    engine = reading.engine
    speaks = f"engine {engine.kind} ready" if engine.ready else "engine not ready"
    return f"{reading.servers} servers, {reading.voice.connections} voice channels, {speaks}"
