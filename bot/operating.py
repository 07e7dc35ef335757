"""What an operator has of a running bot: a socket to ask at, figures, and a watchdog."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from bot.backstage import Backstage
from bot.config import Settings
from bot.config_sections import MetricsSettings
from bot.errors import MynahError
from bot.operations import control_socket, loop_lag
from bot.operations.log_tally import OTHER, current_handler
from bot.operations.messages import known_texts
from bot.operations.readiness import ReadinessCheck
from bot.operations.server import application, serving
from bot.operations.status import Status
from bot.operations.watchdog import Watchdog
from bot.speech.probe import temporary_voice
from bot.speech.scheduler import FairScheduler
from bot.speech.types import SynthesisRequest

if TYPE_CHECKING:
    from bot.operations.metrics import Metrics

log = structlog.get_logger(__name__)

REPEATS_SECONDS = 5.0
"""How often it is looked whether errors were withheld from the log for long enough."""

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
    shards = str(settings.discord.shards or "auto")
    status = Status(backstage.vitals, readiness, backstage.health, _last_errors, shards=shards)
    metrics = _metrics(settings, backstage)
    page = metrics.page if metrics is not None else None

    def app(*, private: bool) -> web.Application:
        return application(readiness, partial(status.document, private=private), page)

    async with AsyncExitStack() as stack:
        for name, work in _tasks(backstage, metrics, stop):
            stack.push_async_callback(_ended, asyncio.create_task(work, name=name))
        stack.push_async_callback(readiness.close)
        path = control_socket.socket_path(settings.storage.directory, settings.discord.shards)
        await stack.enter_async_context(_at_socket(path, app(private=True)))
        if settings.metrics.enabled:
            await stack.enter_async_context(_at_port(settings.metrics, app(private=False)))
        yield


def _tasks(
    backstage: Backstage, metrics: Metrics | None, stop: asyncio.Event
) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    yield "watchdog", Watchdog(backstage.vitals, os.environ).run(stop)
    yield "log-repeats", _tell_repeats()
    if metrics is not None:
        yield "loop-lag", loop_lag.measure(metrics.lag)


def _metrics(settings: Settings, backstage: Backstage) -> Metrics | None:
    """Return what counts, if it is wanted and can be had."""
    if not settings.metrics.enabled:
        return None
    try:
        # Imported here: it belongs to an extra, and costs memory that nobody wanted.
        from bot.operations.metrics import Metrics
    except ModuleNotFoundError:
        log.warning("no figures are kept: prometheus-client is missing", stage="start",
                    advice='pip install "mynah-bot[metrics]"')  # fmt: skip
        return None
    metrics = Metrics(backstage.vitals, backstage.health, _counted_errors)
    backstage.figures.observe(metrics)
    return metrics


def _last_errors() -> list[Mapping[str, Any]]:
    handler = current_handler()
    return list(handler.tally.recent) if handler is not None else []


def _counted_errors() -> Mapping[str, int]:
    """Return how many errors the log had, by texts of ours; what libraries say is "other"."""
    handler, known = current_handler(), known_texts()
    counted: Counter[str] = Counter()
    for text, number in handler.tally.errors.items() if handler is not None else ():
        counted[text if text in known else OTHER] += number
    return counted


async def _tell_repeats() -> None:
    while True:
        await asyncio.sleep(REPEATS_SECONDS)
        handler = current_handler()
        if handler is not None:
            handler.tell_due()


@asynccontextmanager
async def _at_socket(path: Path, app: web.Application) -> AsyncIterator[None]:
    try:
        listening = control_socket.listening(path)
    except OSError as error:
        log.warning("`mynah status` cannot ask this bot", stage="start", error=str(error))
        yield
        return
    try:
        async with serving(app, listening):
            yield
    finally:
        control_socket.remove(path)


@asynccontextmanager
async def _at_port(settings: MetricsSettings, app: web.Application) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(serving(app, (settings.host, settings.port)))
        except OSError as error:
            log.error("figures are told nowhere: the port cannot be had", stage="start",
                      host=settings.host, port=settings.port, error=str(error))  # fmt: skip
        else:
            log.info("figures and health are told", stage="start", host=settings.host, port=port)
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
