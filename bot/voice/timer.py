"""A call that can be put off and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timer:
    """Calls `callback` once, some time after `start`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether the call is still to come."""
        return self._handle is not None

    def start(self, seconds: float) -> None:
        """Call back in `seconds`, instead of what was set before."""
        self.cancel()
        self._handle = asyncio.get_running_loop().call_later(seconds, self._expire)

    def cancel(self) -> None:
        """Do not call back."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expire(self) -> None:
        self._handle = None
        self._callback()
