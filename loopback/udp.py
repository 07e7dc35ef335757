"""UDP ports of the voice servers: one thread receives for all, with kernel timestamps."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

_SO_TIMESTAMPNS = 35
"""Linux; the socket module does not name it."""

_DATAGRAM = 2048
_ANCILLARY = 64
_RECEIVE_BUFFER = 4 * 1024 * 1024

OnDatagram = Callable[["UdpPort", bytes, int], None]


class UdpPort:
    """A socket on 127.0.0.1 for one voice connection, so that each has its own buffer."""

    def __init__(self, on_datagram: OnDatagram) -> None:
        self.on_datagram = on_datagram
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if sys.platform == "linux":
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.number: int = self.socket.getsockname()[1]
        self.peer: tuple[str, int] | None = None

    def receive(self) -> None:
        """Hand on one datagram. `on_datagram` gets its arrival in ns."""
        try:
            datagram, ancillary, _, self.peer = self.socket.recvmsg(_DATAGRAM, _ANCILLARY)
        except BlockingIOError:  # a datagram with a bad checksum woke us
            return
        self.on_datagram(self, datagram, _arrival_ns(ancillary))

    def reply(self, datagram: bytes) -> None:
        """Send to whoever sent last."""
        if self.peer is not None and self.socket.fileno() >= 0:
            self.socket.sendto(datagram, self.peer)


class UdpReceiver:
    """The thread. Ports come and go through `open` and `close`, from the event loop."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_here, self._wake_there = socket.socketpair()
        self._wake_there.setblocking(False)
        self._selector.register(self._wake_there, selectors.EVENT_READ, None)
        self._changes: deque[tuple[bool, UdpPort]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="loopback udp", daemon=True)

    def start(self) -> None:
        """Start to receive."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close every port."""
        self._stopping = True
        self._wake_here.send(b"\0")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, UdpPort):
                key.data.socket.close()
        self._selector.close()
        self._wake_here.close()
        self._wake_there.close()

    def open(self, on_datagram: OnDatagram) -> UdpPort:
        """Open a port; `on_datagram(port, datagram, arrival_ns)` runs in the thread."""
        port = UdpPort(on_datagram)
        self._change(True, port)
        return port

    def close(self, port: UdpPort) -> None:
        """Close a port."""
        self._change(False, port)

    def _change(self, opened: bool, port: UdpPort) -> None:
        self._changes.append((opened, port))
        self._wake_here.send(b"\0")

    def _run(self) -> None:
        while not self._stopping:
            ready = [key.data for key, _ in self._selector.select()]
            for port in filter(None, ready):
                port.receive()
            # Afterwards: a port that closes may be among those that had a datagram.
            if None in ready:
                self._apply_changes()

    def _apply_changes(self) -> None:
        self._wake_there.recv(4096)
        while self._changes:
            opened, port = self._changes.popleft()
            if opened:
                self._selector.register(port.socket, selectors.EVENT_READ, port)
            else:
                self._selector.unregister(port.socket)
                port.socket.close()


def _arrival_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack_from("qq", data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return time.time_ns()
