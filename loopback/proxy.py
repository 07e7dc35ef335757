"""A CONNECT proxy on loopback: leads a subprocess to the loopback Discord, nowhere else."""

from __future__ import annotations

import asyncio
import contextlib

from .tls import is_discord_host

_CHUNK = 65_536
_REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
_UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
_ACCEPTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy:
    """Every Discord host ends at the TLS port; other hosts are refused and noted."""

    def __init__(self, tls_port: int, refused: list[str]) -> None:
        self.unreachable: set[str] = set()
        self._tls_port = tls_port
        self._refused = refused
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End every tunnel and stop listening."""
        assert self._server is not None
        self._server.close()
        for tunnel in list(self._tunnels):
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tunnels.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # stop() ends tunnels; asyncio's stream callback would report the cancellation
        finally:
            self._tunnels.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        host = target.rpartition(":")[0]
        if method != "CONNECT" or not is_discord_host(host):
            self._refused.append(target)
            writer.write(_REFUSAL)
            await writer.drain()
            return
        if host in self.unreachable:
            writer.write(_UNREACHABLE)
            await writer.drain()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection(
            "127.0.0.1", self._tls_port
        )
        try:
            writer.write(_ACCEPTED)
            await asyncio.gather(_pipe(reader, upstream_writer), _pipe(upstream_reader, writer))
        finally:
            upstream_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
