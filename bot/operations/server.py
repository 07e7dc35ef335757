"""Answers over HTTP: /healthz, /readyz, /status and, where figures are kept, /metrics.

Always at the socket in the data directory; at a port where `[metrics]` asks for one.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.operations.readiness import ReadinessCheck

CLOSE_SECONDS = 1.0
"""How long an answer under way may take when the bot ends."""

Page = Callable[[], tuple[bytes, str]]
"""Returns a body and its content type."""

_NOT_KEPT = "No figures are kept. Set enabled = true under [metrics], and start the bot again.\n"


def application(
    readiness: ReadinessCheck,
    status: Callable[[], Awaitable[Mapping[str, Any]]],
    metrics: Page | None,
) -> web.Application:
    """Return what answers. metrics: None where no figures are kept."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")  # the event loop turns, or nobody would say so

    async def readyz(_request: web.Request) -> web.Response:
        answer = await readiness.ask()
        text = "ready\n" if answer.ready else f"not ready: {answer.reason}\n"
        return web.Response(text=text, status=200 if answer.ready else 503)

    async def tell_status(_request: web.Request) -> web.Response:
        text = json.dumps(await status())
        return web.Response(text=text, content_type="application/json")

    async def tell_metrics(_request: web.Request) -> web.Response:
        if metrics is None:
            return web.Response(text=_NOT_KEPT, status=404)
        body, content_type = metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application(client_max_size=1024)
    for path, handler in (
        ("/healthz", healthz),
        ("/readyz", readyz),
        ("/status", tell_status),
        ("/metrics", tell_metrics),
    ):
        app.router.add_get(path, handler)
    return app


@asynccontextmanager
async def serving(
    app: web.Application, where: socket.socket | tuple[str, int]
) -> AsyncIterator[int]:
    """Answer at a socket that listens, or at a host and port, which may be 0 for any free one.

    Yields the port that was taken; 0 for a socket. Raises OSError where it cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        if isinstance(where, socket.socket):
            await web.SockSite(runner, where).start()
        else:
            await web.TCPSite(runner, *where).start()
        addresses = [address for address in runner.addresses if isinstance(address, tuple)]
        yield addresses[0][1] if addresses else 0
    finally:
        await runner.cleanup()
