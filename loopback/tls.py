"""Discord's host names, certified by a CA of the test's own and answered on 127.0.0.1."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

HOSTS = (
    "discord.com",
    "cdn.discordapp.com",
    "media.discordapp.net",
    "*.discord.gg",
    "*.discord.media",
)


def is_discord_host(host: str) -> bool:
    """Whether the loopback Discord answers for this host."""
    return host in HOSTS or f"*.{host.partition('.')[2]}" in HOSTS


class Certificates:
    """A CA that only this run trusts, and the certificate of every host."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._leaf = self._ca.issue_cert(*HOSTS)

    def server_context(self) -> ssl.SSLContext:
        """Return the TLS context of the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf.configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a TLS context that trusts this CA and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    def write_ca(self, path: Path) -> None:
        """Write the CA as PEM, for SSL_CERT_FILE."""
        self._ca.cert_pem.write_to_path(str(path))


class LoopbackResolver(AbstractResolver):
    """Resolves Discord's hosts to the loopback server and nothing else at all."""

    def __init__(self, port: int, refused: list[str]) -> None:
        self._port = port
        self._refused = refused

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return 127.0.0.1 and the server's port; OSError (and a note) for a foreign host."""
        if not is_discord_host(host):
            self._refused.append(host)
            raise OSError(f"{host} is not Discord; tests stay on loopback")
        found = ResolveResult(
            hostname=host,
            host="127.0.0.1",
            port=self._port,
            family=socket.AF_INET,
            proto=0,
            flags=socket.AI_NUMERICHOST,
        )
        return [found]

    async def close(self) -> None:
        """Nothing to release."""
