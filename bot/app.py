"""The composition root: opens resources in order and closes them in reverse.

The only place that constructs stores, workers and services; all else is handed what it needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.config import Settings
from bot.enrolment.service import EnrolmentService
from bot.enrolment.types import EnrolmentLimits
from bot.speech.engine_client import EngineClient
from bot.speech.service import SpeechLimits, SpeechService
from bot.speech.types import EngineSpec
from bot.workers import Worker, WorkerLimits
from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

MEGABYTE = 1024 * 1024
MEDIA_CALL_SECONDS = 300.0  # a bound for a stuck call; the processor time is the real limit
MEDIA_WAITING = 8
ENGINE_WAITING = 64


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[VoiceStore]:
    """Open the data directory, sweep what a crash left behind and report damaged voices."""
    async with VoiceStore.open(settings.storage.directory) as store:
        report = await store.check()
        for voice in report.damaged:
            log.warning("voice cannot be used", guild=voice.guild_id, voice=voice.name,
                        stage="start", damage=voice.damage)  # fmt: skip
        yield store


@asynccontextmanager
async def open_media_worker(settings: Settings) -> AsyncIterator[Worker]:
    """Open the worker that decodes uploads; its process starts with the first call."""
    enrolment = settings.enrolment
    limits = WorkerLimits(
        call_seconds=MEDIA_CALL_SECONDS,
        cpu_seconds=enrolment.worker_cpu_seconds,
        memory_bytes=enrolment.worker_memory_mb * MEGABYTE,
        waiting=MEDIA_WAITING,
    )
    worker = Worker("media worker", limits)
    try:
        yield worker
    finally:
        await worker.close()


@asynccontextmanager
async def open_enrolment(settings: Settings, store: VoiceStore) -> AsyncIterator[EnrolmentService]:
    """Open the service that turns uploads into voices."""
    enrolment = settings.enrolment
    limits = EnrolmentLimits(
        max_bytes=int(enrolment.max_upload_mb * MEGABYTE),
        max_seconds=enrolment.max_minutes * 60,
        keep_seconds=enrolment.keep_seconds,
        min_speech_seconds=enrolment.min_speech_seconds,
    )
    async with open_media_worker(settings) as worker:
        yield EnrolmentService(worker, store, limits, settings.limits.voices_per_guild)


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[EngineClient]:
    """Open the client of the engine worker; `start` loads the engine."""
    engine = settings.engine
    spec = EngineSpec(
        kind=engine.kind,
        model=engine.model,
        checkpoint=engine.checkpoint,
        device=engine.device,
        cache_bytes=engine.cache_mb * MEGABYTE,
    )
    limits = WorkerLimits(call_seconds=engine.sentence_timeout_seconds, waiting=ENGINE_WAITING)
    client = EngineClient(
        Worker("engine worker", limits), spec, load_seconds=engine.load_timeout_seconds
    )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def open_speech(settings: Settings) -> AsyncIterator[tuple[EngineClient, SpeechService]]:
    """Open the engine's client and the service that speaks texts with it."""
    speech = settings.speech
    limits = SpeechLimits(
        max_characters=speech.max_characters,
        sentence_characters=speech.sentence_characters,
        first_sentence_characters=speech.first_sentence_characters,
    )
    async with open_engine(settings) as engine:
        yield engine, SpeechService(engine, limits)
