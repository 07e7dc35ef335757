"""How a download can go wrong, for `Cdn.spoil_next`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Spoilt = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]
"""Answers a download of these bytes."""

_CHUNK = 65_536
_LONGEST_SECONDS = 120.0


def refuses(status: int) -> Spoilt:
    """Answer with an error."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        return web.Response(status=status, text="no")

    return spoilt


def gives(content: bytes, content_type: str = "application/octet-stream") -> Spoilt:
    """Give other bytes than the attachment says."""

    async def spoilt(request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type)

    return spoilt


def calls_it(content_type: str) -> Spoilt:
    """Give the right bytes under another type."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        return web.Response(body=content, content_type=content_type)

    return spoilt


def stalls(after: int = 1_000) -> Spoilt:
    """Give so many bytes, then nothing any more, and keep the connection open."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        response = await _begun(request, {"Content-Length": str(len(content))})
        await response.write(content[:after])
        await _until_hung_up(request)
        return response

    return spoilt


def hangs() -> Spoilt:
    """Never begin to answer."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        await _until_hung_up(request)
        return web.Response(status=499)

    return spoilt


def ends_early(after: int = 1_000) -> Spoilt:
    """Promise everything, give so many bytes and cut the connection."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        response = await _begun(request, {"Content-Length": str(len(content))})
        await response.write(content[:after])
        assert request.transport is not None
        request.transport.abort()
        return response

    return spoilt


def never_ends() -> Spoilt:
    """Give bytes for as long as they are taken."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        response = await _begun(request, {})
        while request.transport is not None and not request.transport.is_closing():
            await response.write(bytes(_CHUNK))
            await asyncio.sleep(0.001)  # the bot under test shares the event loop
        return response

    return spoilt


def trickles(seconds: float = 0.05) -> Spoilt:
    """Give a byte now and then, so that no pause is long, and never come to the end."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        response = await _begun(request, {"Content-Length": str(len(content))})
        for byte in content:
            await response.write(bytes([byte]))
            await asyncio.sleep(seconds)
        return response

    return spoilt


def redirects(to: str, status: int = 302) -> Spoilt:
    """Send to another address; `{path}` in it is this one's path and query."""

    async def spoilt(request: web.Request, content: bytes) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": to.format(path=request.path_qs)})

    return spoilt


async def _begun(request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/wav", **headers})
    await response.prepare(request)
    return response


async def _until_hung_up(request: web.Request) -> None:
    async with asyncio.timeout(_LONGEST_SECONDS):
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.02)
