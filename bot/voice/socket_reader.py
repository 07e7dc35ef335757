"""Reads a voice connection's socket on the event loop, in place of discord.py's thread.

The library's `SocketReader` is a thread a connection that sits in `select` for up to 30 s, also on
a socket that is long closed: woken by a `shutdown`, the kernel looks at the file descriptor once
more, and if its number is free or belongs to another socket by then, the thread sleeps on. Here
nothing sleeps: a socket is watched while somebody listens to it, which is for one answer in the
handshake, and no longer by the time it is closed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import structlog
from discord.voice_state import SocketReader, VoiceConnectionState

log = structlog.get_logger(__name__)

_DATAGRAM_BYTES = 2048


class LoopReader(SocketReader):
    """Has the methods that `VoiceConnectionState` calls; the inherited thread is never started.

    All belong to the event loop, where the library calls them.
    """

    def __init__(self, state: VoiceConnectionState, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(state)
        self._loop = loop
        self._listeners: list[Callable[[bytes], object]] = []
        self._watched: socket.socket | None = None

    def start(self) -> None:
        """Do nothing: there is nothing to read before somebody listens."""

    def register(self, callback: Callable[[bytes], object]) -> None:
        """Hand every datagram to `callback`. What came before and was not read is not lost."""
        self._listeners.append(callback)
        self.resume()

    def unregister(self, callback: Callable[[bytes], object]) -> None:
        """Hand it no more."""
        if callback in self._listeners:
            self._listeners.remove(callback)
        if not self._listeners:
            self.pause()

    def pause(self) -> None:
        """Stop watching; the socket may be closed then."""
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None

    def resume(self, *, force: bool = False) -> None:
        """Watch the connection's present socket, if somebody listens."""
        self.pause()
        if self._listeners:
            self._watched = self.state.socket
            self._loop.add_reader(self._watched, self._read, self._watched)

    def stop(self) -> None:
        """End for good."""
        self.pause()
        self._listeners.clear()

    def _read(self, source: socket.socket) -> None:
        try:
            datagram = source.recv(_DATAGRAM_BYTES)
        except OSError as error:  # nothing there after all, or the server's port is closed
            log.debug("voice socket", stage="voice", error=repr(error))
            return
        for listener in list(self._listeners):
            listener(datagram)
