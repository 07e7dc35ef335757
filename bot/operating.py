"""What an operator has of a running bot: a socket to ask at, figures, and a watchdog."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from bot.backstage import Backstage
from bot.config import Settings
from bot.errors import MynahError
from bot.operations import control_socket
from bot.operations.readiness import ReadinessCheck
from bot.operations.server import application, serving
from bot.operations.status import Status
from bot.operations.watchdog import Watchdog
from bot.speech.probe import temporary_voice
from bot.speech.scheduler import FairScheduler
from bot.speech.types import SynthesisRequest

log = structlog.get_logger(__name__)

PROBE_WORD = "Hello."

_PROBE_LANE = -(2**62)
"""In place of a server; those have positive numbers, previews small negative ones."""


@asynccontextmanager
async def operating(
    settings: Settings, backstage: Backstage, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Answer whoever asks, and tell the service manager how the bot stands.

    None of it keeps the bot from running: what cannot be had is logged.
    """
    readiness = ReadinessCheck(
        backstage.vitals, lambda: _probe(backstage.scheduler), time.monotonic
    )
    backstage.figures.observe(readiness)
    status = Status(backstage.vitals, readiness, backstage.health)
    app = application(readiness, status.document, None)
    watchdog = asyncio.create_task(
        Watchdog(backstage.vitals, os.environ).run(stop), name="watchdog"
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_ended, watchdog)
        stack.push_async_callback(readiness.close)
        await stack.enter_async_context(_answering(settings, app))
        yield


@asynccontextmanager
async def _answering(settings: Settings, app: web.Application) -> AsyncIterator[None]:
    directory = settings.storage.directory
    async with AsyncExitStack() as stack:
        sockets = []
        try:
            sockets.append(control_socket.listening(directory))
            stack.callback((directory / control_socket.NAME).unlink, missing_ok=True)
        except OSError as error:
            log.warning("`mynah status` cannot ask this bot", stage="start", error=str(error))
        await stack.enter_async_context(serving(app, sockets, None))
        yield


async def _probe(scheduler: FairScheduler) -> None:
    """Have a word spoken that nobody hears, after all that is waited for. Raises MynahError."""
    held = temporary_voice()
    voice = await asyncio.to_thread(held.__enter__)
    try:
        result = await scheduler.synthesize(
            SynthesisRequest(PROBE_WORD, voice), guild_id=_PROBE_LANE, due=lambda: math.inf
        )
    finally:
        held.__exit__(None, None, None)
    if isinstance(result, MynahError):
        raise result


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
