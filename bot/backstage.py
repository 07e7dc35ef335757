"""What stands behind the Discord client: opened once, while clients come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.app import (
    MEGABYTE,
    enrolment_service,
    fair_scheduler,
    open_engine,
    open_media_worker,
    open_store,
    text_limits,
)
from bot.client import MynahBot, Services
from bot.commit_watch import CommitWatch
from bot.config import Settings
from bot.dictionary.service import DictionaryService
from bot.enrolment.service import EnrolmentService
from bot.reading.service import ReadingService
from bot.reading.sessions import ReadingSessions
from bot.reading.speaker import Speakers
from bot.settings.service import SettingsService
from bot.speech.desk import SpeechDesk
from bot.speech.engine_client import EngineClient
from bot.speech.phrases import PhraseCache
from bot.voice.limits import VoiceLimits
from bot.voice.manager import VoiceManager
from bot.voice_watch import VoiceChange, VoiceWatch
from storage.dictionary import DictionaryStore
from storage.read_channels import ReadChannels
from storage.setting_values import SettingValues
from storage.settings import SettingsStore


@dataclass(frozen=True, slots=True)
class Backstage:
    """Everything behind the Discord client, which is made anew when Discord cannot be reached.

    make_bot: makes one that asks for the message content, or does not.
    """

    engine: EngineClient
    enrolment: EnrolmentService
    make_bot: Callable[[bool], MynahBot]


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
    ):
        guild_settings = SettingsService(SettingValues.beside(store))
        commits.subscribe(guild_settings.take_in)
        scheduler = fair_scheduler(engine)
        phrases = PhraseCache(
            settings.speech.phrase_cache_mb * MEGABYTE,
            lambda: engine.info.sound if engine.info is not None else None,
        )

        async def forget(change: VoiceChange) -> None:
            phrases.forget(change.clip_sha256)
            scheduler.recording_gone(change.clip_sha256)
            await engine.forget(change.clip_sha256)

        watch.subscribe(forget)
        enrolment = enrolment_service(settings, media, store, lambda: engine.clip_need)
        voice_limits = VoiceLimits(
            queue_per_guild=settings.limits.queue_per_guild,
            queue_per_member=settings.limits.queue_per_member,
            alone_seconds=settings.voice.alone_seconds,
            prefetch_seconds=settings.voice.prefetch_seconds,
        )
        desk = SpeechDesk(
            scheduler,
            text_limits(settings),
            media,
            lambda: engine.reads,
            settings.voice.prefetch_seconds,
            load=engine.ensure_loaded,
            phrases=phrases,
        )

        choices = SettingsStore.beside(store)
        speakers = Speakers(choices, lambda: engine.clip_need)

        def make_services(bot: MynahBot) -> Services:
            return Services(
                voices=store,
                choices=choices,
                settings=guild_settings,
                dictionary=DictionaryService(DictionaryStore(store.database)),
                enrolment=enrolment,
                speech=desk,
                engine=engine,
                voice=VoiceManager(bot, voice_limits, scheduler.texts_at_once),
                watch=watch,
                reading=ReadingService(
                    guild_settings,
                    speakers,
                    lambda: engine.reads,
                    most_characters=text_limits(settings).max_characters,
                ),
                sessions=ReadingSessions(ReadChannels.beside(store)),
            )

        def make_bot(message_content: bool) -> MynahBot:
            proxy = settings.discord.proxy
            return MynahBot(
                make_services,
                proxy=proxy.get_secret_value() if proxy else None,
                connector=connector() if connector else None,
                sync_at_start=sync_at_start,
                message_content=message_content,
            )

        try:
            yield Backstage(engine, enrolment, make_bot)
        finally:
            await scheduler.close()
