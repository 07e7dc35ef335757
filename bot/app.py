"""The composition root: opens resources in order and closes them in reverse.

With `bot.backstage` and `bot.engines` the only place that constructs stores, workers and services;
all else is handed what it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from bot.clip_need import ClipNeed
from bot.clip_place import clips_opener
from bot.config import Settings
from bot.confinement import Confinement
from bot.consent.no_go import NoGoNames
from bot.data_directory import log_open
from bot.database_place import database_url
from bot.engines import MEGABYTE, open_engine, open_models, worker_logging
from bot.enrolment.no_go_clips import NoGoClips
from bot.enrolment.refusals import SpeakerJudge
from bot.enrolment.service import EnrolmentService
from bot.enrolment.start import start_media_worker
from bot.enrolment.types import EnrolmentLimits
from bot.errors import EngineDeadError
from bot.held_clips import HeldClips
from bot.i18n import N_
from bot.keys import key_ring, log_seals, refuse_other_keys
from bot.operations.allowances import operators_quotas
from bot.operations.figures import SentenceFacts
from bot.speech.clip_needs import clip_need
from bot.speech.engine import Engine, sentences_at_once
from bot.speech.engines.select import choose
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService
from bot.speech.types import ChatterboxModel, EngineKind, EngineSpec
from bot.text.plan import TextLimits
from bot.worker_answers import MEDIA_ANSWERS
from bot.workers import Worker, WorkerLimits
from storage.clip_files import ClipFiles
from storage.quotas import EnrolmentQuotas
from storage.voices import VoiceStore

log = structlog.get_logger(__name__)

MEDIA_CALL_SECONDS = 300.0  # a bound for a stuck call; the processor time is the real limit
MEDIA_WAITING = 8
MEDIA_FILE_BYTES = 1024 * MEGABYTE  # where no wall keeps it from writing; the log may be a file
MEDIA_ANSWER_BYTES = 256 * MEGABYTE  # the longest is a file of `mynah say`: 45 minutes of WAV


@asynccontextmanager
async def open_store(settings: Settings, *, any_key: bool = False) -> AsyncIterator[VoiceStore]:
    """Open the data directory, sweep what a crash left behind and report damaged voices.

    any_key: also where the keys are not those of what is sealed, for what opens nothing and seals
    nothing; else that raises UnknownKeyError.
    """
    keys = await asyncio.to_thread(key_ring, settings.storage)
    url, where = database_url(settings.storage), clips_opener(settings.storage)
    async with VoiceStore.open(settings.storage.directory, keys, url, open_clips=where) as store:
        seals = await store.seals()
        if not any_key:
            refuse_other_keys(seals, keys)
        log_seals(seals, keys)
        log_open(settings.storage.directory)
        report = await store.check()
        if report.swept:
            log.info("files without a voice removed", stage="start", files=len(report.swept))
        if report.moved:
            log.warning("recordings without a voice moved, none deleted", stage="start",
                        files=len(report.moved), advice=report.lost_advice)  # fmt: skip
        if report.returned:
            log.info("recordings that voices need came back", stage="start",
                     files=len(report.returned))  # fmt: skip
        for voice in report.damaged:
            log.warning("voice cannot be used", guild=voice.guild_id, voice=voice.name,
                        stage="start", damage=voice.damage)  # fmt: skip
        for damage in report.damaged_evidence:
            log.warning("evidence of a consent cannot be used", stage="start", damage=damage)
        yield store


@asynccontextmanager
async def open_media_worker(settings: Settings, *, decodes: bool = True) -> AsyncIterator[Worker]:
    """Open the worker that decodes uploads; its process starts with the first call.

    Uploads come and results go in memory: it is walled in and needs no file but its libraries.
    decodes: whether it will decode uploads, for which it loads much before it is walled in.
    """
    enrolment = settings.enrolment
    limits = WorkerLimits(
        call_seconds=MEDIA_CALL_SECONDS,
        cpu_seconds=enrolment.worker_cpu_seconds,
        memory_bytes=enrolment.worker_memory_mb * MEGABYTE,
        waiting=MEDIA_WAITING,
        file_bytes=MEDIA_FILE_BYTES,
        answer_bytes=MEDIA_ANSWER_BYTES,
        start_seconds=MEDIA_CALL_SECONDS,
        computing=True,
    )
    begin = partial(start_media_worker, worker_logging(settings, "enrol"), decodes=decodes)
    walls = _confinement(settings)
    worker = Worker(N_("media worker"), limits, begin, confinement=walls, answers=MEDIA_ANSWERS)
    try:
        yield worker
    finally:
        await worker.close()


def _confinement(settings: Settings) -> Confinement:
    storage = settings.storage
    return Confinement(closed=tuple(filter(None, (storage.directory, storage.key_file))))


@asynccontextmanager
async def open_enrolment(settings: Settings, store: VoiceStore) -> AsyncIterator[EnrolmentService]:
    """Open the service that turns uploads into voices; watermarks are found without an engine."""
    async with open_media_worker(settings) as worker, open_engine(settings) as engine:
        need = partial(expected_clip_need, settings)
        yield enrolment_service(settings, worker, store, need, engine.analysis)


def enrolment_service(
    settings: Settings,
    worker: Worker,
    store: VoiceStore,
    clip_need: Callable[[], ClipNeed],
    judge: SpeakerJudge | None = None,
    no_go_clips: NoGoClips | None = None,
    quotas: Callable[[int], Awaitable[EnrolmentQuotas]] | None = None,
) -> EnrolmentService:
    """Return the service over what is open already.

    judge: tells what it can of speakers. no_go_clips: see there. quotas: what a guild and its
    members may have stored; None is what the operator may have stored of a guild.
    """
    enrolment = settings.enrolment
    limits = EnrolmentLimits(
        max_bytes=int(enrolment.max_upload_mb * MEGABYTE),
        max_seconds=enrolment.max_minutes * 60,
        keep_seconds=enrolment.keep_seconds,
        min_speech_seconds=enrolment.min_speech_seconds,
    )
    return EnrolmentService(
        worker,
        store,
        limits,
        quotas or partial(operators_quotas, settings.limits),
        clip_need,
        no_go_names=NoGoNames(enrolment.no_go_names),
        judge=judge,
        least_similarity=enrolment.least_similarity,
        no_go_clips=no_go_clips,
    )


def no_go_clips(settings: Settings) -> NoGoClips | None:
    """Return the operator's recordings of whom nobody may enrol, if there are any."""
    directory = settings.enrolment.no_go_clips
    return NoGoClips(directory, settings.enrolment.no_go_similarity) if directory else None


def installed_engine(settings: Settings) -> EngineKind | None:
    """Return the kind of engine that would speak, without loading it; None where there is none."""
    try:
        return choose(EngineSpec(kind=settings.engine.kind))[0]
    except EngineDeadError:
        return None


async def chosen_model(settings: Settings) -> ChatterboxModel | None:
    """Return the model of Chatterbox that would speak, without loading it.

    Where `auto` decides, a worker looks at the machine, which imports torch and takes seconds. None
    where another engine speaks, and where it cannot be told.
    """
    if installed_engine(settings) != "chatterbox":
        return None
    if settings.engine.model != "auto":
        return settings.engine.model
    try:
        async with open_models(settings) as models:
            choice = (await models.survey()).choice
    except EngineDeadError:
        return None
    return choice.model if choice is not None else None


def expected_clip_need(settings: Settings) -> ClipNeed:
    """Return what the model that would speak needs of a clip, as far as it is known at once."""
    model = settings.engine.model
    return clip_need(installed_engine(settings), None if model == "auto" else model)


async def settled_clip_need(settings: Settings) -> ClipNeed:
    """Return what the model that would speak needs of a clip; see `chosen_model`."""
    return clip_need(installed_engine(settings), await chosen_model(settings))


@asynccontextmanager
async def open_speech(
    settings: Settings, clips: ClipFiles
) -> AsyncIterator[tuple[Engine, SpeechService]]:
    """Open the engine's client and the service that speaks texts with it. clips: of the voices."""
    async with open_engine(settings) as engine:
        scheduler = fair_scheduler(engine, clips)
        lane = scheduler.lane(0, asyncio.get_running_loop().time)
        try:
            yield (
                engine,
                SpeechService(
                    lane, text_limits(settings), lambda: engine.reads, engine.ensure_loaded
                ),
            )
        finally:
            await scheduler.close()


def fair_scheduler(
    engine: Engine,
    clips: ClipFiles,
    on_sentence: Callable[[SentenceFacts], None] = lambda facts: None,
) -> FairScheduler:
    """Return what hands the engine so many sentences at once that none of its slots is idle.

    on_sentence: see `FairScheduler`.
    """
    scheduler = FairScheduler(
        HeldClips(engine, clips) if clips.apart else engine,
        at_once=lambda: sentences_at_once(engine),
        company_slows=lambda: engine.company_slows,
        withdraws=lambda: engine.withdraws,
        most_takes=lambda: engine.most_takes,
        on_sentence=on_sentence,
    )
    engine.on_slots = scheduler.look
    return scheduler


def text_limits(settings: Settings) -> TextLimits:
    """Return the bounds of a text and of its pieces."""
    speech = settings.speech
    return TextLimits(
        max_characters=speech.max_characters,
        sentence_characters=speech.sentence_characters,
        first_sentence_characters=speech.first_sentence_characters,
    )
