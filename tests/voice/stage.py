"""A bot with nothing but voice, in a call of the loopback Discord, and something to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import discord
import numpy as np
from discord.ext import commands

from bot.speech.types import Speech
from bot.voice.limits import VoiceLimits
from bot.voice.manager import VoiceManager
from bot.voice.player import GuildPlayer, Ticket
from bot.voice.utterances import Due, Progress, SayRequest, UtteranceEnd
from loopback import Channel, Guild, Listener, LoopbackDiscord, Person, encode_opus
from loopback.audio import SAMPLE_RATE, Samples

LIMITS = VoiceLimits(closing_seconds=0.1)
"""What the program runs with, but for the time that a test's end would take."""


def babble(seconds: float, seed: int = 0) -> Samples:
    """Return a signal like speech: a gliding voice with syllables; 48 kHz, unlike any other."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    knots = np.arange(0, seconds + 0.2, 0.2)
    pitch = np.interp(time, knots, rng.uniform(90, 260, len(knots)))
    loudness = np.interp(time, knots, rng.uniform(0.05, 1.0, len(knots)))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 8))
    return (0.2 * loudness * voice).astype(np.float32)


def sentence(seconds: float, seed: int = 0) -> Speech:
    """Return a sentence as the engine would make it."""
    return Speech(tuple(encode_opus(babble(seconds, seed))), seconds)


LONG = sentence(6.0)
SHORT = sentence(0.3)


@dataclass
class Script:
    """Sentences to be said, and what came of it."""

    sentences: Sequence[Speech]
    member_id: int = 1
    text: str = "Hello there."
    gates: Sequence[asyncio.Event] = ()
    failure: Exception | None = None
    progress: list[Progress] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    dues: list[float] = field(default_factory=list)

    def request(self, channel_id: int) -> SayRequest:
        return SayRequest(
            self.member_id,
            channel_id,
            "Ada",
            self.text,
            len(self.sentences),
            self._speak,
            self._on_progress,
        )

    async def _speak(self, due: Due) -> AsyncIterator[Speech]:
        for number, speech in enumerate(self.sentences):
            if number < len(self.gates):
                await self.gates[number].wait()
            self.dues.append(due())
            yield speech
        if self.failure is not None:
            raise self.failure

    def _on_progress(self, progress: Progress) -> None:
        self.progress.append(progress)
        if progress.started:
            self.started.set()

    @property
    def ends(self) -> list[UtteranceEnd]:
        """How its end was reported; one report is right."""
        return [progress.end for progress in self.progress if progress.end is not None]


class VoiceBot(commands.AutoShardedBot):
    """The smallest bot that has voice."""

    def __init__(
        self,
        loopback: LoopbackDiscord,
        limits: VoiceLimits,
        at_once: Callable[[], int] = lambda: 1,
        wait: Callable[[int, int], float] = lambda guild_id, sentences: 0.0,
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.voice_states = True
        super().__init__(
            "!",
            intents=intents,
            connector=loopback.connector(),
            help_command=None,
            guild_ready_timeout=0.1,
        )
        self.voice = VoiceManager(self, limits, at_once, wait)

    async def setup_hook(self) -> None:
        self.voice.start()
        self.voice.listen(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify again at once; the library waits 5 s for the sake of Discord's own limit."""

    async def close(self) -> None:
        if not self.is_closed():
            await self.voice.close()
        await super().close()


@dataclass
class Stage:
    """Everything a test of voice needs. The bot is in no channel until `join`."""

    loopback: LoopbackDiscord
    bot: VoiceBot
    guild: Guild
    ada: Person
    listener: Listener

    @property
    def player(self) -> GuildPlayer:
        return self.bot.voice.player(self.guild.id)

    def channel(self, name: str = "Lounge") -> discord.VoiceChannel:
        return next(channel for channel in self.channels() if channel.name == name)

    def channels(self) -> list[discord.VoiceChannel]:
        return self.bot.get_guild(self.guild.id).voice_channels

    async def other_call(self) -> tuple[Channel, Listener]:
        """Open the channel Den, and let Bob in to listen."""
        den = self.loopback.add_voice_channel(self.guild, "Den")
        bob = self.loopback.add_person(self.guild, "Bob")
        return den, await bob.join_voice(den)

    async def join(self) -> None:
        outcome = await self.player.join(self.channel())
        assert outcome.joined, outcome
        await self.loopback.voice.wait_settled(self.guild)

    def say(self, script: Script) -> Ticket:
        """Say it where the bot is, or else where Ada is."""
        channel = self.player.channel or self.channel()
        return self.player.say(script.request(channel.id))

    async def speak(self, script: Script, heard: int = 5) -> Ticket:
        """Say it, and return when this many packets of speech have been heard."""
        ticket = self.say(script)
        await self.listener.until_heard(heard)
        return ticket

    async def play(self, script: Script, until: float = 15.0) -> UtteranceEnd:
        return await ended(self.say(script), until)


async def ended(ticket: Ticket, within: float = 15.0) -> UtteranceEnd:
    return await asyncio.wait_for(asyncio.shield(ticket.ended), within)


async def eventually(
    condition: Callable[[], object], within: float = 5.0, what: str = "condition"
) -> None:
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"waited {within} s for {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def open_stage(*, dave: int = 1, at_once: int = 1, **limits: float) -> AsyncIterator[Stage]:
    """Start a loopback Discord with one person in a voice channel, and the bot."""
    async with LoopbackDiscord() as loopback:
        loopback.voice.settings.dave_version = dave
        guild = loopback.add_guild()
        ada = loopback.add_person(guild, "Ada")
        listener = await ada.join_voice()
        bot = VoiceBot(loopback, replace(LIMITS, **limits), lambda: at_once)
        async with bot:
            running = asyncio.create_task(bot.start(loopback.token))
            try:
                await asyncio.wait_for(bot.wait_until_ready(), 10)
                yield Stage(loopback, bot, guild, ada, listener)
            finally:
                await bot.close()
                await running
        loopback.assert_clean()
