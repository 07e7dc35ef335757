"""An event loop whose clock jumps to the next timer: hours pass in seconds, in the same order."""

from __future__ import annotations

import asyncio
import selectors


class StandstillError(RuntimeError):
    """Everybody waits, and no timer is set."""


class _Jumps(selectors.DefaultSelector):
    """Waits for nothing: moves the clock on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0  # seconds

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, selectors._EventMask]]:
        """Return what is ready; else `timeout` seconds have passed."""
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise StandstillError("Everybody waits, and no timer is set.")
            self.now += max(0.0, timeout)
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Runs what only waits for timers and for each other: no threads, sockets or processes.

    For `asyncio.Runner(loop_factory=SimulatedLoop)`. Raises `StandstillError` where a real loop
    would wait for ever.
    """

    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Return simulated seconds since the loop was made."""
        return self._jumps.now
