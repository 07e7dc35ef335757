"""Downloads of what members send along: bounded in bytes and time, from Discord's hosts alone."""

from __future__ import annotations

import asyncio

import aiohttp
from discord.http import HTTPClient
from yarl import URL

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where Discord keeps files."""

STALL_SECONDS = 15.0
"""The longest pause between two parts of a file."""

DOWNLOAD_SECONDS = 120.0
"""The longest time for a whole file: 25 MB at 1.7 Mbit/s."""

MOST_REDIRECTS = 3
_CHUNK = 65_536


class FileNotFetchedError(aiohttp.ClientError):
    """A file that Discord does not give as it should."""


async def fetch(http: HTTPClient, url: str, most_bytes: int) -> bytes:
    """Return a file of at most so many bytes, by the client's own way to Discord.

    Raises aiohttp.ClientError (`FileNotFetchedError` among them) and OSError.
    """
    timeout = aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS, sock_read=STALL_SECONDS)
    async with (
        asyncio.timeout(DOWNLOAD_SECONDS),
        aiohttp.ClientSession(
            connector=http.connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
        ) as session,
    ):
        address = URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            found = await _get(http, session, address, most_bytes)
            if isinstance(found, bytes):
                return found
            address = _moved(address, found)
    raise FileNotFetchedError(f"more than {MOST_REDIRECTS} redirections")


async def _get(
    http: HTTPClient, session: aiohttp.ClientSession, address: URL, most_bytes: int
) -> bytes | str:
    """Return the file, or where it is instead."""
    if address.scheme != "https" or address.host not in HOSTS or address.explicit_port is not None:
        raise FileNotFetchedError(f"{address.host} is no file store of Discord's")
    async with session.get(
        address, allow_redirects=False, proxy=http.proxy, proxy_auth=http.proxy_auth
    ) as response:
        if response.status in (301, 302, 303, 307, 308):
            return response.headers.get("Location", "")
        if response.status != 200:
            raise FileNotFetchedError(f"status {response.status}")
        return await _read(response, most_bytes)


def _moved(address: URL, location: str) -> URL:
    try:
        return address.join(URL(location))
    except ValueError as error:
        raise FileNotFetchedError(f"no address: {location[:80]!r}") from error


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > most_bytes:
            raise FileNotFetchedError(f"more than {most_bytes} bytes")
    return bytes(content)
