"""The real bot in a loopback Discord: real uploads, files and voice; an engine that is quick."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot.app import open_media_worker
from bot.client import MynahBot
from bot.config import Settings
from bot.logs import configure_logging
from bot.session import stay_online
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult
from bot.voice.limits import VoiceLimits
from bot.workers import Worker
from loopback import (
    Channel,
    ChannelKind,
    Guild,
    Listener,
    LoopbackDiscord,
    Permission,
    Person,
    encode_opus,
)
from loopback.audio import SAMPLE_RATE
from storage.types import CLIP_SAMPLE_RATE, OPERATOR_GUILD_ID, NewVoice, Reach, ReferenceClip
from storage.voices import VoiceStore
from tests.cogs.world import Engine, World
from tools.pictures.markdown import Names

DISCORD_LOCALES = {"en": "en-US", "de": "de"}
DATE_LOCALES = {"en": "en_US", "de": "de_DE"}
"""Of Discord's clients, by the languages that pictures are taken in."""

READY_SECONDS = 30.0
SENTENCE_SECONDS = 2.5

LIMITS = VoiceLimits(
    alone_seconds=1.0,
    connect_seconds=2.0,
    leave_seconds=0.2,
    follow_seconds=0.5,
    encryption_seconds=1.0,
    recovery_seconds=1.0,
    closing_seconds=0.1,
)
"""As the program's, but nobody wants to wait for the pictures."""


class QuickEngine(Engine):
    """Speaks noise at once, as long as a sentence lasts, and notes nothing."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return noise for each request, once the gate is open."""
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.requests += batch
        return [Speech(_NOISE, SENTENCE_SECONDS, notes=self.notes) for _ in batch]


@asynccontextmanager
async def warming(stage: Stage) -> AsyncIterator[None]:
    """Load the libraries for recordings meanwhile, as the program does while it logs in."""
    assert stage.bot is not None
    warm = asyncio.create_task(stage.bot.services.enrolment.warm())
    try:
        yield
    finally:
        warm.cancel()
        await asyncio.gather(warm, return_exceptions=True)


def voice_clip(name: str) -> ReferenceClip:
    """Return a clip of a believable length, unlike that of any other name; nobody hears it."""
    number = zlib.crc32(name.encode())
    samples = np.full((8 + number % 14) * CLIP_SAMPLE_RATE, number / 2**33, np.float32)
    return ReferenceClip(samples)


_NOISE = tuple(
    encode_opus(
        np.random.default_rng(0)
        .normal(0, 0.1, round(SENTENCE_SECONDS * SAMPLE_RATE))
        .astype(np.float32)
    )
)


def _sign(channel: Channel) -> str:
    return "🔊" if channel.kind is ChannelKind.VOICE else "#"


@dataclass
class Place:
    """A server of a scene's own, with Ada (a member), Ben and Mo, who has Manage Server."""

    guild: Guild
    ada: Person
    ben: Person
    mo: Person


@dataclass
class Stage:
    """What the scenes act on."""

    discord: LoopbackDiscord
    world: World
    media: Worker
    bot: MynahBot | None = None
    _listeners: list[Listener] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.calm()

    def calm(self) -> None:
        """Give the next scene an engine in good order."""
        engine = self.world.engine
        if engine.gate is not None:
            engine.gate.set()  # what was asked for ends, and with it the engine's turn
        engine.ready = engine.loaded_before = engine.clones = True
        engine.model, engine.notes = "multilingual", ()
        engine.gate = engine.failure = engine.mark = None
        self.discord.voice.settings.mls_delay = 0.0

    def place(self, language: str = "en") -> Place:
        """Make a server for a scene, of people whose Discord speaks that language."""
        guild = self.discord.add_guild("Harbour")
        role = self.discord.world.add_role(guild, "Moderators", int(Permission.MANAGE_GUILD))
        people = [
            self.discord.add_person(guild, "Ada"),
            self.discord.add_person(guild, "Ben"),
            self.discord.add_person(guild, "Mo", [role]),
        ]
        for person in people:
            person.locale = DISCORD_LOCALES[language]
        return Place(guild, *people)

    def names(self, language: str = "en") -> Names:
        """Return what the ids in messages are called."""
        world = self.discord.world
        guilds = list(world.guilds.values())
        channels = [channel for guild in guilds for channel in guild.channels.values()]
        return Names(
            {user.id: user.name for user in world.users.values()},
            {channel.id: f"{_sign(channel)} {channel.name}" for channel in channels},
            {role.id: role.name for guild in guilds for role in guild.roles.values()},
            locale=DATE_LOCALES[language],
        )

    async def add_voice(
        self, place: Place, name: str, owner: Person | None = None, reach: Reach = "everybody"
    ) -> int:
        """Store a voice and return its id; without an owner it is the operator's, for all."""
        if owner is None:
            voice = NewVoice(OPERATOR_GUILD_ID, name)
        else:
            now = datetime.now(UTC)
            voice = NewVoice(
                place.guild.id, name, owner_id=owner.id, consented_by=owner.id, consented_at=now,
                level="declared", reach=reach,
            )  # fmt: skip
        return (await self.world.store.add(voice, voice_clip(name))).id

    async def restart(self) -> None:
        """End the bot and start it again, as an operator would."""
        await self.log_out()
        await self.log_in()

    async def log_in(self) -> None:
        """Start the bot and wait until it serves members."""
        self._stop = asyncio.Event()
        made: list[MynahBot] = []

        def make(message_content: bool) -> MynahBot:
            connector = self.discord.connector()
            made.append(self.world.make_bot(connector=connector, message_content=message_content))
            return made[-1]

        self._running = asyncio.create_task(stay_online(make, self.discord.token, self._stop))
        async with asyncio.timeout(READY_SECONDS):
            while not (made and made[-1].is_ready()):
                if self._running.done():
                    self._running.result()
                await asyncio.sleep(0.01)
        self.bot = made[-1]

    async def log_out(self) -> None:
        """End the bot."""
        self._stop.set()
        if self._running is not None:
            await self._running
            self._running = None


@asynccontextmanager
async def open_stage() -> AsyncIterator[Stage]:
    """Start Discord and the bot; all of it is ended and removed."""
    configure_logging("CRITICAL", "text")  # faults are played here, too
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pictures-")))
        settings = Settings(storage={"directory": folder})
        discord = await stack.enter_async_context(LoopbackDiscord())
        store = await stack.enter_async_context(VoiceStore.open(folder))
        media = await stack.enter_async_context(open_media_worker(settings))
        worker: Any = media
        world = World(store, media=worker, engine=QuickEngine(), voice_limits=LIMITS)
        await stack.enter_async_context(world.watch.running())
        stage = Stage(discord, world, media)
        stack.push_async_callback(stage.log_out)
        await stage.log_in()
        async with warming(stage):
            yield stage
