"""A network before a server that can fall silent: connections stay open, and nothing passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Network:
    """Passes on what comes to its port, but for what is stalled.

    What is sent over a connection while it is stalled is lost for good, and so is the connection:
    neither side hears of it.
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    def stall(self) -> None:
        """Let nothing through, in either direction."""
        self._open.clear()

    def pass_on(self) -> None:
        """Let new connections through."""
        self._open.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        self._writers.append(writer)
        if not self._open.is_set():
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers.append(there_writer)
        await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self._open.is_set():
                return
            writer.write(data)
        if self._open.is_set():
            writer.close()

    def close(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def stalling(upstream: int) -> AsyncIterator[Network]:
    """Run such a network before a port of loopback."""
    network = Network(upstream)
    server = await asyncio.start_server(network.take, "127.0.0.1")
    network.port = server.sockets[0].getsockname()[1]
    try:
        yield network
    finally:
        network.close()
        server.close()
