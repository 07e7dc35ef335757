"""The whole bot with its real services, but for the two worker processes."""

from __future__ import annotations

import asyncio
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from bot.audit.heard import record_heard
from bot.audit.trail import AuditTrail
from bot.client import MynahBot
from bot.commit_watch import CommitWatch
from bot.condition import Condition
from bot.config_sections import LimitSettings
from bot.consent.live import Asked, LiveSample
from bot.consent.no_go import NoGoNames
from bot.consent.packets import RecordedSpeech
from bot.dictionary.service import DictionaryService
from bot.enrolment.service import EnrolmentService, traces_of
from bot.enrolment.types import EnrolmentLimits, EnrolmentSample, Finding, QualityReport, Verdict
from bot.operations.allowances import Allowances
from bot.operations.limits import ceilings
from bot.privacy.departing import Departing
from bot.privacy.export import Exporter
from bot.privacy.service import PrivacyService
from bot.reading.service import ReadingService
from bot.reading.sessions import ReadingSessions
from bot.reading.speaker import Speakers
from bot.services import Services
from bot.settings.guild import GuildSettings
from bot.settings.service import SettingsService
from bot.speech.audio_file import ogg_bytes
from bot.speech.clip_needs import clip_need_of
from bot.speech.desk import SpeechDesk
from bot.speech.phrases import PhraseCache
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Decode, EngineInfo, Speech, SynthesisRequest, SynthesisResult
from bot.text.plan import TextLimits
from bot.voice.limits import VoiceLimits
from bot.voice.manager import VoiceManager
from bot.voice_watch import VoiceWatch
from loopback.audio import encode_opus
from storage.departures import Departures
from storage.dictionary import DictionaryStore
from storage.erasure import Eraser
from storage.reach import ReachStore
from storage.read_channels import ReadChannels
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.types import CLIP_SAMPLE_RATE, NewVoice, ReferenceClip, VoiceProfile
from storage.usage import UsageStore
from storage.voices import VoiceStore


def make_clip(seed: int = 0) -> ReferenceClip:
    noise = np.random.default_rng(seed).normal(0, 0.1, CLIP_SAMPLE_RATE // 10)
    return ReferenceClip(noise.astype(np.float32))


def make_report(verdict: Verdict = "good", *findings: Finding) -> QualityReport:
    return QualityReport(
        total_seconds=42.0,
        speech_seconds=30.0,
        kept_start=3.5,
        kept_end=21.0,
        kept_speech_seconds=15.0,
        snr_db=31.4,
        clipped_share=0.0,
        loudness_lufs=-20.2,
        median_pitch_hz=123.4,
        verdict=verdict,
        findings=findings,
    )


def make_picture() -> bytes:
    png = io.BytesIO()
    Image.new("RGB", (8, 4)).save(png, "PNG")
    return png.getvalue()


@dataclass
class MediaWorker:
    """Answers with what the test prepared when `gate` is open; files are really written.

    heard: what it makes of a live recording in which something was to be said.
    """

    outcome: EnrolmentSample | Exception = field(
        default_factory=lambda: EnrolmentSample(make_clip(), make_report(), make_picture())
    )
    uploads: list[bytes] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    restarting: bool = False
    heard: Callable[[Asked], LiveSample] | None = None

    async def replace(self, reason: str) -> None:
        pass

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        if function in (ogg_bytes, traces_of):
            return function(*args)
        if isinstance(args[0], RecordedSpeech) and not isinstance(self.outcome, Exception):
            assert self.heard is not None, "no live recording was expected"
            return self.heard(args[1])
        self.uploads.append(args[0])
        self.languages.append(args[-1])
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


NO_GO = ("no-go name",)
"""What the operator lets nobody be called."""


@dataclass
class Judge:
    """Tells of speakers what the test says; None is an engine that cannot."""

    alike: float | None = None
    marked: float | None = None

    async def embedding(self, clip: ReferenceClip) -> None:
        return None

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        return self.alike

    async def watermark(self, samples: object, rate: int) -> float | None:
        return self.marked


@dataclass
class Engine:
    """Speaks `seconds` of noise a sentence when `gate` is open, or fails as the test says."""

    ready: bool = True
    loaded_before: bool = True
    trouble: Condition | None = None
    clones: bool = True
    model: str = "multilingual"
    slots: int = 1
    decode: Decode = "own"
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.1
    mark: float | None = None
    requests: list[SynthesisRequest] = field(default_factory=list)

    def condition(self) -> Condition:
        return self.trouble or Condition("ok" if self.ready else "starting")

    @property
    def info(self) -> EngineInfo | None:
        if not self.loaded_before:
            return None
        kind = "chatterbox" if self.clones else "piper"
        return EngineInfo(
            kind,
            self.model,
            "cpu",
            self.clones,
            reason="",
            load_seconds=0,
            slots=self.slots,
            decode=self.decode,
        )

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        return self.mark

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.requests += batch
        noise = np.random.default_rng(0).normal(0, 0.1, round(48_000 * self.seconds))
        packets = tuple(encode_opus(noise.astype(np.float32)))
        return [Speech(packets, self.seconds, notes=self.notes) for _ in batch]


@dataclass
class World:
    """What the tests reach into."""

    store: VoiceStore
    media: MediaWorker = field(default_factory=MediaWorker)
    engine: Engine = field(default_factory=Engine)
    judge: Judge = field(default_factory=Judge)
    message_content: bool = False
    most: dict[str, int] = field(default_factory=dict)
    voice_limits: VoiceLimits = field(default_factory=lambda: VoiceLimits(closing_seconds=0.1))

    def __post_init__(self) -> None:
        self.choices = SettingsStore.beside(self.store)
        self.limits = LimitSettings(**self.most)
        self.settings = SettingsService(SettingValues.beside(self.store), ceilings(self.limits))
        self.usage = UsageStore(self.store.database)
        self.allowances = Allowances(self.limits, self.settings, self.usage)
        self.dictionary = DictionaryService(
            DictionaryStore(self.store.database), self.allowances.dictionary
        )
        self.audit = AuditTrail.beside(self.store, self.settings)
        self.forgotten_clips: list[str] = []
        self.commits = CommitWatch(self.store.version)
        self.commits.subscribe(self.settings.take_in)
        self.watch = VoiceWatch(self.store, self.commits)
        self.privacy = PrivacyService(
            Eraser.beside(self.store),
            forget_clip=self._forget_clip,
            flush=self.audit.flush,
            look=self.watch.try_look,
        )
        self.commits.subscribe(self.privacy.take_in)
        departures = Departures(self.store.database)
        self.departing = Departing(  # without pauses, for which simcord would wait
            self.privacy, departures, timedelta(days=30), self.audit.record, pause_seconds=0
        )

    def allowed(self, settings: GuildSettings) -> GuildSettings:
        """Return a guild's settings as they count: the operator's limits are the most of each."""
        most = ceilings(self.limits)
        above = {key: value for key, value in most.items() if getattr(settings, key) > value}
        return settings.model_copy(update=above)

    @cached_property
    def bot(self) -> MynahBot:
        return self.make_bot(shard_count=1, message_content=self.message_content)

    def make_bot(self, **options: Any) -> MynahBot:
        return MynahBot(self._services, **options)

    def _services(self, bot: MynahBot) -> Services:
        media: Any = self.media  # as much of a `Worker` as the services use
        voice = VoiceManager(bot, self.voice_limits)
        voice.on_spoken = partial(record_heard, self.audit, lambda: bot.user)
        return Services(
            voices=self.store,
            choices=self.choices,
            settings=self.settings,
            dictionary=self.dictionary,
            enrolment=EnrolmentService(
                media,
                self.store,
                EnrolmentLimits(),
                self.allowances.enrolment,
                clip_need=lambda: clip_need_of(self.engine.info),
                no_go_names=NoGoNames(NO_GO),
                judge=self.judge,
            ),
            speech=SpeechDesk(
                FairScheduler(self.engine), TextLimits(), media, phrases=PhraseCache()
            ),
            engine=self.engine,
            voice=voice,
            watch=self.watch,
            reading=ReadingService(
                self.settings,
                Speakers(self.choices),
                may_be_read=self.allowances.may_be_read,
            ),
            reach=ReachStore.beside(self.store),
            sessions=ReadingSessions(ReadChannels.beside(self.store)),
            audit=self.audit,
            privacy=self.privacy,
            departing=self.departing,
            exporter=Exporter(self.store, self.audit),
            allowances=self.allowances,
        )

    async def _forget_clip(self, sha256: str) -> None:
        self.forgotten_clips.append(sha256)

    async def add_voice(
        self, name: str, guild_id: int, owner_id: int | None = None, **more: Any
    ) -> VoiceProfile:
        voice = NewVoice(guild_id=guild_id, name=name, owner_id=owner_id, **more)
        return await self.store.add(voice, make_clip(zlib.crc32(name.encode())))
