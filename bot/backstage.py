"""What stands behind the Discord client: opened once, while clients come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp

from bot.app import (
    fair_scheduler,
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
from bot.engines import open_engine
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
from bot.voice.manager import VoiceManager
from bot.voice_watch import VoiceWatch
from bot.wiring import (
    covered,
    departing,
    enrolment_of_members,
    forget_changed_voices,
    phrase_cache,
    privacy_service,
    speech_desk,
    voice_limits,
)
from bot.workers import Worker
from storage.dictionary import DictionaryStore
from storage.opening import ClaimApplication
from storage.reach import ReachStore
from storage.read_channels import ReadChannels
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.usage import UsageStore
from storage.voices import VoiceStore


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
    claim: ClaimApplication | None = None,
) -> AsyncIterator[Backstage]:
    """Open what the bot needs, except the connection to Discord.

    connector: makes the client's way to Discord's hosts, if not the ordinary one. claim: see
    `ShardedBot`.
    """
    async with (
        open_store(settings) as store,
        open_media_worker(settings) as media,
        open_engine(settings) as engine,
        CommitWatch(store.version).running() as commits,
        VoiceWatch(store, commits).running() as watch,
        Health().running() as health,
    ):
        _watch_health(health, store, media, engine)
        shared = _share(settings, store, media, engine, watch, commits)
        vitals = BotVitals(engine, media, shared.scheduler, shared.phrases)

        def make_bot(message_content: bool) -> MynahBot:
            bot = _bot(shared, connector, message_content, sync_at_start, claim)
            health.watch("discord", bot.condition)
            health.watch("pacer", bot.services.voice.pacer.condition)
            vitals.bot = bot
            return bot

        async with shared.audit.running():
            try:
                yield Backstage(
                    engine, shared.enrolment, shared.scheduler, shared.figures, vitals, make_bot,
                    health,
                )  # fmt: skip
            finally:
                await shared.scheduler.close()


def _watch_health(health: Health, store: VoiceStore, media: Worker, engine: Engine) -> None:
    health.watch("engine", engine.condition)
    health.watch_each(
        "engine", lambda: {device.name: device.condition for device in engine.devices}
    )
    health.watch("media worker", media.condition)
    health.watch("database", partial(_condition_of, store))


def _share(
    settings: Settings,
    store: VoiceStore,
    media: Worker,
    engine: Engine,
    watch: VoiceWatch,
    commits: CommitWatch,
) -> _Shared:
    """Make what every client is given, and have each told of the changes that concern it."""
    guild_settings = SettingsService(SettingValues.beside(store), ceilings(settings.limits))
    figures, phrases = Figures(), phrase_cache(settings, engine)
    scheduler = fair_scheduler(engine, store.clips, figures.sentence)
    forget = partial(forget_clip, engine, store.clips)
    audit = AuditTrail.beside(store, guild_settings, covered(settings))
    privacy = privacy_service(store, watch, audit, phrases, scheduler, forget)
    allowances = Allowances(settings.limits, guild_settings, UsageStore(store.database))
    commits.subscribe(guild_settings.take_in)
    forget_changed_voices(watch, phrases, scheduler, forget)
    commits.subscribe(privacy.take_in)
    return _Shared(
        settings=settings,
        store=store,
        engine=engine,
        scheduler=scheduler,
        phrases=phrases,
        watch=watch,
        guild_settings=guild_settings,
        enrolment=enrolment_of_members(settings, store, media, engine, allowances),
        desk=speech_desk(settings, scheduler, media, engine, phrases),
        audit=audit,
        privacy=privacy,
        departing=departing(settings, store, privacy, audit),
        exporter=Exporter(store, audit),
        figures=figures,
        allowances=allowances,
    )


def _bot(
    shared: _Shared,
    connector: Callable[[], aiohttp.BaseConnector] | None,
    message_content: bool,
    sync_at_start: bool,
    claim: ClaimApplication | None,
) -> MynahBot:
    discord, storage = shared.settings.discord, shared.settings.storage
    return MynahBot(
        shared.services,
        proxy=discord.proxy.get_secret_value() if discord.proxy else None,
        connector=connector() if connector else None,
        sync_at_start=sync_at_start,
        message_content=message_content,
        shards=discord.shards,
        directory=storage.directory,
        claim=claim,
    )


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every client is given, one after the other."""

    settings: Settings
    store: VoiceStore
    engine: Engine
    scheduler: FairScheduler
    phrases: PhraseCache
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
            voice_limits(self.settings),
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


def _condition_of(store: VoiceStore) -> Condition:
    trouble = store.database.troubles.first
    if trouble is None:
        return Condition("ok")
    return Condition("failing", trouble.reason, since=trouble.since, last_error=trouble.reason)
