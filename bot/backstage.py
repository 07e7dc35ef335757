"""What stands behind the Discord client: opened once, while clients come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp

from bot.app import (
    enrolment_service,
    fair_scheduler,
    no_go_clips,
    open_media_worker,
    open_store,
    text_limits,
)
from bot.audit.heard import record_heard
from bot.audit.trail import AuditTrail
from bot.client import MynahBot
from bot.commit_watch import CommitWatch
from bot.condition import Condition
from bot.config import Settings
from bot.dictionary.service import DictionaryService
from bot.engines import MEGABYTE, open_engine
from bot.enrolment.service import EnrolmentService
from bot.held_clips import forget_clip
from bot.operations.allowances import Allowances
from bot.operations.figures import Figures
from bot.operations.health import Health
from bot.operations.limits import ceilings
from bot.privacy.departing import Departing
from bot.privacy.export import Exporter
from bot.privacy.service import PrivacyService
from bot.reading.service import ReadingService
from bot.reading.sessions import ReadingSessions
from bot.reading.speaker import Speakers
from bot.services import Services
from bot.settings.service import SettingsService
from bot.speech.desk import SpeechDesk
from bot.speech.engine import Engine
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.vitals import BotVitals
from bot.voice.limits import VoiceLimits
from bot.voice.manager import VoiceManager
from bot.voice_watch import VoiceChange, VoiceChangeKind, VoiceWatch
from bot.workers import Worker
from storage.departures import Departures
from storage.dictionary import DictionaryStore
from storage.erasure import Eraser
from storage.reach import ReachStore
from storage.read_channels import ReadChannels
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.usage import UsageStore
from storage.voices import VoiceStore

ForgetClip = Callable[[str], Awaitable[None]]
"""Has nothing left of a clip, by its hash, where it was prepared or fetched."""


@dataclass(frozen=True, slots=True)
class Backstage:
    """Everything behind the Discord client, which is made anew when Discord cannot be reached.

    make_bot: makes one that asks for the message content, or does not. health: of all its parts.
    """

    engine: Engine
    enrolment: EnrolmentService
    scheduler: FairScheduler
    figures: Figures
    vitals: BotVitals
    make_bot: Callable[[bool], MynahBot]
    health: Health


@asynccontextmanager
async def open_backstage(
    settings: Settings,
    *,
    connector: Callable[[], aiohttp.BaseConnector] | None = None,
    sync_at_start: bool = True,
) -> AsyncIterator[Backstage]:
    """Open what the bot needs, except the connection to Discord.

    connector: makes the client's way to Discord's hosts, if not the ordinary one.
    """
    async with (
        open_store(settings) as store,
        open_media_worker(settings) as media,
        open_engine(settings) as engine,
        CommitWatch(store.version).running() as commits,
        VoiceWatch(store, commits).running() as watch,
        Health().running() as health,
    ):
        health.watch("engine", engine.condition)
        for device in engine.devices:
            health.watch(f"engine {device.name}", device.condition)
        health.watch("media worker", media.condition)
        health.watch("database", partial(_condition_of, store))
        guild_settings = SettingsService(SettingValues.beside(store), ceilings(settings.limits))
        commits.subscribe(guild_settings.take_in)
        figures = Figures()
        scheduler = fair_scheduler(engine, store.clips, figures.sentence)
        phrases = _phrases(settings, engine)
        forget = partial(forget_clip, engine, store.clips)
        _forget_changed_voices(watch, phrases, scheduler, forget)
        audit = AuditTrail.beside(store, guild_settings)
        privacy = _privacy(store, watch, audit, phrases, scheduler, forget)
        commits.subscribe(privacy.take_in)
        usage = UsageStore(store.database)
        allowed = Allowances(settings.limits, guild_settings, usage)
        shared = _Shared(
            settings,
            store,
            engine,
            scheduler,
            watch,
            guild_settings,
            enrolment_service(
                settings,
                media,
                store,
                lambda: engine.clip_need,
                engine.analysis,
                no_go_clips(settings),
                allowed.enrolment,
            ),
            _speech_desk(settings, scheduler, media, engine, phrases),
            audit,
            privacy,
            Departing(
                privacy,
                Departures(store.database),
                timedelta(days=settings.storage.departed_days),
                audit.record,
                covers=_covered(settings),
            ),
            Exporter(store, audit),
            figures,
            allowed,
        )
        vitals = BotVitals(engine, media, scheduler, phrases)
        proxy = settings.discord.proxy

        def make_bot(message_content: bool) -> MynahBot:
            bot = MynahBot(
                shared.services,
                proxy=proxy.get_secret_value() if proxy else None,
                connector=connector() if connector else None,
                sync_at_start=sync_at_start,
                message_content=message_content,
                shards=settings.discord.shards,
                directory=settings.storage.directory,
            )
            health.watch("discord", bot.condition)
            health.watch("pacer", bot.services.voice.pacer.condition)
            vitals.bot = bot
            return bot

        async with shared.audit.running():
            try:
                yield Backstage(
                    engine, shared.enrolment, scheduler, figures, vitals, make_bot, health
                )
            finally:
                await scheduler.close()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every client is given, one after the other."""

    settings: Settings
    store: VoiceStore
    engine: Engine
    scheduler: FairScheduler
    watch: VoiceWatch
    guild_settings: SettingsService
    enrolment: EnrolmentService
    desk: SpeechDesk
    audit: AuditTrail
    privacy: PrivacyService
    departing: Departing
    exporter: Exporter
    figures: Figures
    allowances: Allowances

    def services(self, bot: MynahBot) -> Services:
        """Return what a client's cogs call."""
        choices = SettingsStore.beside(self.store)
        scheduler = self.scheduler
        voice = VoiceManager(
            bot,
            _voice_limits(self.settings),
            scheduler.texts_at_once,
            scheduler.wait_seconds,
        )
        voice.on_spoken = partial(record_heard, self.audit, lambda: bot.user)
        voice.on_ended = self.figures.utterance
        return Services(
            voices=self.store,
            choices=choices,
            settings=self.guild_settings,
            dictionary=DictionaryService(
                DictionaryStore(self.store.database), self.allowances.dictionary
            ),
            enrolment=self.enrolment,
            speech=self.desk,
            engine=self.engine,
            voice=voice,
            watch=self.watch,
            reading=ReadingService(
                self.guild_settings,
                Speakers(choices, lambda: self.engine.clip_need),
                lambda: self.engine.reads,
                most_characters=text_limits(self.settings).max_characters,
                may_be_read=self.allowances.may_be_read,
            ),
            reach=ReachStore.beside(self.store),
            sessions=ReadingSessions(ReadChannels.beside(self.store)),
            audit=self.audit,
            privacy=self.privacy,
            departing=self.departing,
            exporter=self.exporter,
            figures=self.figures,
            allowances=self.allowances,
        )


def _covered(settings: Settings) -> Callable[[int], bool]:
    shards = settings.discord.shards
    return shards.covers if shards is not None else lambda guild_id: True


def _condition_of(store: VoiceStore) -> Condition:
    trouble = store.database.troubles.first
    if trouble is None:
        return Condition("ok")
    return Condition("failing", trouble.reason, since=trouble.since, last_error=trouble.reason)


def _phrases(settings: Settings, engine: Engine) -> PhraseCache:
    return PhraseCache(
        settings.speech.phrase_cache_mb * MEGABYTE,
        lambda: engine.info.sound if engine.info is not None else None,
    )


def _forget_changed_voices(
    watch: VoiceWatch, phrases: PhraseCache, scheduler: FairScheduler, forget_clip: ForgetClip
) -> None:
    async def forget(change: VoiceChange) -> None:
        phrases.forget(change.clip_sha256)
        if change.kind is VoiceChangeKind.REACH:
            return  # others go on speaking as it
        scheduler.recording_gone(change.clip_sha256)
        await forget_clip(change.clip_sha256)

    watch.subscribe(forget)


def _privacy(
    store: VoiceStore,
    watch: VoiceWatch,
    audit: AuditTrail,
    phrases: PhraseCache,
    scheduler: FairScheduler,
    forget_clip: ForgetClip,
) -> PrivacyService:
    async def forget(sha256: str) -> None:
        phrases.forget(sha256)
        scheduler.recording_gone(sha256)
        await forget_clip(sha256)

    return PrivacyService(
        Eraser.beside(store), forget_clip=forget, flush=audit.flush, look=watch.try_look
    )


def _speech_desk(
    settings: Settings,
    scheduler: FairScheduler,
    media: Worker,
    engine: Engine,
    phrases: PhraseCache,
) -> SpeechDesk:
    return SpeechDesk(
        scheduler,
        text_limits(settings),
        media,
        lambda: engine.reads,
        settings.voice.prefetch_seconds,
        load=engine.ensure_loaded,
        phrases=phrases,
    )


def _voice_limits(settings: Settings) -> VoiceLimits:
    return VoiceLimits(
        queue_per_guild=settings.limits.queue_per_guild,
        queue_per_member=settings.limits.queue_per_member,
        alone_seconds=settings.voice.alone_seconds,
        prefetch_seconds=settings.voice.prefetch_seconds,
    )
