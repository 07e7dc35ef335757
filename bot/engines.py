"""Opens the engine, or one for each of several devices; a part of the composition root."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from bot.config import Settings
from bot.database_place import database_url
from bot.i18n import N_
from bot.keys import key_ring
from bot.logs import configure_logging
from bot.pool.cores import in_turn, take_share
from bot.pool.opening import engine_opener, following
from bot.pool.pool import EnginePool
from bot.speech.engine import Engine
from bot.speech.engine_client import EngineClient
from bot.speech.model_keeper import ModelKeeper
from bot.speech.types import EngineSpec, SelfCheck
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.languages import marked_languages

MEGABYTE = 1024 * 1024
ENGINE_FILE_BYTES = 32 * 1024 * MEGABYTE  # of a model that is downloaded
ENGINE_SECRETS = ("HF_*", "HUGGING*", "*_PROXY")
"""Variables that a download may need. The engine is told them, out of sight of /proc."""

CLUSTER_SECRETS = ("RAY_AUTH_*",)
"""Variables by which the worker that asks a Ray cluster shows that it may."""

ENGINE_WAITING = 64
MODELS_CALL_SECONDS = 900.0  # of reading a model's files once, on a slow disk


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    """Open the engine worker, or one for each of several devices; `start` loads them."""
    keys = await asyncio.to_thread(key_ring, settings.storage)
    spec = dataclasses.replace(await engine_spec(settings), keys=keys)
    if settings.engine.executor == "ray":
        async with _open_cluster(settings, spec) as engine:
            yield engine
        return
    devices = settings.engine.devices or ()
    engine = _pool(settings, spec, devices) if len(devices) > 1 else _engine(settings, spec)
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def _open_cluster(settings: Settings, spec: EngineSpec) -> AsyncIterator[Engine]:
    """Open the engines of a Ray cluster, which one worker asks and does not compute by itself."""
    engine = settings.engine
    client = EngineClient(
        _engine_worker(settings, engine.sentence_timeout_seconds, secrets=CLUSTER_SECRETS),
        spec,
        load_seconds=engine.load_timeout_seconds,
        sentence_seconds=engine.sentence_timeout_seconds,
        open_engine=engine_opener(engine),
    )
    try:
        async with following(client):
            yield client
    finally:
        await client.close()


def _pool(settings: Settings, spec: EngineSpec, devices: Sequence[str]) -> EnginePool:
    """Return one engine for each device; those on a CPU share its cores."""
    engine = settings.engine
    cpus, members = devices.count("cpu"), []
    for number, device in enumerate(devices):
        again = devices[:number].count(device)
        name = f"{device} {again + 1}" if devices.count(device) > 1 else device
        share = partial(take_share, again, cpus) if device == "cpu" else None
        members.append(_engine(settings, dataclasses.replace(spec, device=device), name, share))
    return EnginePool(
        members,
        settled=engine.model != "auto" or engine.kind == "piper",
        together=all(device.startswith("cuda") for device in devices),
    )


def _engine(
    settings: Settings,
    spec: EngineSpec,
    name: str = "",
    on_start: Callable[[], None] | None = None,
) -> EngineClient:
    """Return the client of a worker. on_start: called in its process, before anything else."""
    engine = settings.engine
    worker = _engine_worker(
        settings, engine.sentence_timeout_seconds, computing=True, place=name, on_start=on_start
    )
    return EngineClient(
        worker,
        spec,
        load_seconds=engine.load_timeout_seconds,
        sentence_seconds=engine.sentence_timeout_seconds,
        name=name,
    )


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[ModelKeeper]:
    """Open what looks after the models on the disk, in a worker that imports torch only to look at
    the machine.
    """
    worker = _engine_worker(settings, MODELS_CALL_SECONDS)
    try:
        yield ModelKeeper(worker, await engine_spec(settings))
    finally:
        await worker.close()


def _engine_worker(
    settings: Settings,
    call_seconds: float,
    *,
    computing: bool = False,
    place: str = "",
    on_start: Callable[[], None] | None = None,
    secrets: Sequence[str] = (),
) -> Worker:
    limits = WorkerLimits(
        call_seconds=call_seconds,
        waiting=ENGINE_WAITING,
        file_bytes=ENGINE_FILE_BYTES,
        computing=computing,
    )
    log_alike = worker_logging(settings, "engine")
    begin = partial(in_turn, (log_alike, on_start)) if on_start is not None else log_alike
    return Worker(
        N_("engine worker"),
        limits,
        begin,
        secrets=(*ENGINE_SECRETS, *secrets),
        answers=ENGINE_ANSWERS,
        place=place,
    )


async def engine_spec(settings: Settings) -> EngineSpec:
    """Return what the configuration says of the engine; without keys."""
    engine = settings.engine
    return EngineSpec(
        kind=engine.kind,
        model="english" if engine.model == "auto" else engine.model,
        auto_model=engine.model == "auto",
        languages=await _languages(settings),
        checkpoint=engine.checkpoint,
        device=engine.devices[0] if engine.devices else engine.device,
        cache_bytes=engine.cache_mb * MEGABYTE,
        precision=engine.precision,
        flow_precision=engine.flow_precision,
        decode=engine.decode,
        slots=engine.slots,
        graphs=engine.graphs,
        fused=engine.fused,
        tf32=engine.tf32,
        vocoder_batch=engine.vocoder_batch,
        prompt_seconds=engine.prompt_seconds,
        self_check=SelfCheck(
            enabled=engine.check_speech,
            retries=engine.check_retries,
            trim_tail=engine.trim_tail,
            steady_short=engine.steady_short,
        ),
    )


async def _languages(settings: Settings) -> tuple[str, ...]:
    """Return the languages that the voices are marked with; none where nothing can be read."""
    try:
        return await marked_languages(settings.storage.directory, database_url(settings.storage))
    except Exception:  # whatever it is, opening the store tells it
        return ()


def worker_logging(settings: Settings, stage: str) -> Callable[[], None]:
    """Return what makes a worker log as this process does, and under which stage."""
    # Not the configured level: a command that prints what it does raises it.
    level = logging.getLevelName(logging.getLogger().level)
    secrets = settings.secrets()
    log_format = settings.logging.format
    return partial(configure_logging, level, log_format, secrets=secrets, stage=stage)
