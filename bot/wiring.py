"""How the parts behind the Discord client are made of the configuration and of each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.app import (
    enrolment_service,
    no_go_clips,
    text_limits,
)
from bot.audit.trail import AuditTrail
from bot.config import Settings
from bot.engines import MEGABYTE
from bot.enrolment.service import EnrolmentService
from bot.operations.allowances import Allowances
from bot.privacy.departing import Departing
from bot.privacy.service import PrivacyService
from bot.speech.desk import SpeechDesk
from bot.speech.engine import Engine
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.voice.limits import VoiceLimits
from bot.voice_watch import VoiceChange, VoiceChangeKind, VoiceWatch
from bot.workers import Worker
from storage.departures import Departures
from storage.erasure import Eraser
from storage.voices import VoiceStore

ForgetClip = Callable[[str], Awaitable[None]]
"""Has nothing left of a clip, by its hash, where it was prepared or fetched."""


def phrase_cache(settings: Settings, engine: Engine) -> PhraseCache:
    """Return the cache of what is said again and again."""
    return PhraseCache(
        settings.speech.phrase_cache_mb * MEGABYTE,
        lambda: engine.info.sound if engine.info is not None else None,
    )


def forget_changed_voices(
    watch: VoiceWatch, phrases: PhraseCache, scheduler: FairScheduler, forget_clip: ForgetClip
) -> None:
    """Have all that remembers a recording forget it when its voice changes."""

    async def forget(change: VoiceChange) -> None:
        if change.kind is VoiceChangeKind.REACH:
            phrases.forget(change.clip_sha256)  # others go on speaking as it
        else:
            await _forgotten(change.clip_sha256, phrases, scheduler, forget_clip)

    watch.subscribe(forget)


def privacy_service(
    store: VoiceStore,
    watch: VoiceWatch,
    audit: AuditTrail,
    phrases: PhraseCache,
    scheduler: FairScheduler,
    forget_clip: ForgetClip,
) -> PrivacyService:
    """Return what deletes a member's or a guild's data; forget_clip: has the engine forget one."""

    async def forget(sha256: str) -> None:
        await _forgotten(sha256, phrases, scheduler, forget_clip)

    return PrivacyService(
        Eraser.beside(store), forget_clip=forget, flush=audit.flush, look=watch.try_look
    )


async def _forgotten(
    sha256: str, phrases: PhraseCache, scheduler: FairScheduler, forget_clip: ForgetClip
) -> None:
    phrases.forget(sha256)
    scheduler.recording_gone(sha256)
    await forget_clip(sha256)


def speech_desk(
    settings: Settings,
    scheduler: FairScheduler,
    media: Worker,
    engine: Engine,
    phrases: PhraseCache,
) -> SpeechDesk:
    """Return what plans texts and has them spoken."""
    return SpeechDesk(
        scheduler,
        text_limits(settings),
        media,
        lambda: engine.reads,
        settings.voice.prefetch_seconds,
        load=engine.ensure_loaded,
        phrases=phrases,
    )


def voice_limits(settings: Settings) -> VoiceLimits:
    """Return the bounds of what waits in voice channels."""
    return VoiceLimits(
        queue_per_guild=settings.limits.queue_per_guild,
        queue_per_member=settings.limits.queue_per_member,
        alone_seconds=settings.voice.alone_seconds,
        prefetch_seconds=settings.voice.prefetch_seconds,
    )


def covered(settings: Settings) -> Callable[[int], bool]:
    """Return which guilds are this process's own."""
    shards = settings.discord.shards
    return shards.covers if shards is not None else lambda guild_id: True


def enrolment_of_members(
    settings: Settings, store: VoiceStore, media: Worker, engine: Engine, allowances: Allowances
) -> EnrolmentService:
    """Return the enrolment of what members send, within what they may use."""
    return enrolment_service(
        settings,
        media,
        store,
        lambda: engine.clip_need,
        engine.analysis,
        no_go_clips(settings),
        allowances.enrolment,
    )


def departing(
    settings: Settings, store: VoiceStore, privacy: PrivacyService, audit: AuditTrail
) -> Departing:
    """Return what deletes the data of who left, when its time has come."""
    return Departing(
        privacy,
        Departures(store.database),
        timedelta(days=settings.storage.departed_days),
        audit.record,
        covers=covered(settings),
    )
