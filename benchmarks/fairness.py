"""Eight guilds at once, one of them greedy: who waits how long for the first packet.

On the wire of the loopback Discord, with engine doubles that take a known time for a sentence. The
fair queue is measured against one that serves sentences in the order in which they were asked for,
and, where the engine works on several sentences at once, with sentences made ahead against without,
all in the same run.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from benchmarks.doubles.timed_engine import OneByOne, Together
from bot.speech.held import HeldPackets
from bot.speech.scheduler import FairScheduler, Synthesizer
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from bot.text.plan import TextLimits
from bot.voice.limits import VoiceLimits
from bot.voice.utterances import Due, SayRequest
from loopback import Guild, LoopbackDiscord, wait_until
from tests.voice.stage import VoiceBot, sentence

GUILDS = 8
GREEDY_TEXTS = 20
GREEDY_SENTENCES = 4
SENTENCES = 2
SYNTHESIS_SECONDS = 0.1  # of one sentence
TOGETHER_SECONDS = 0.4  # of one sentence alone, in an engine that works on several
OVERHEAD_SECONDS = 0.15
AUDIO_SECONDS = 3.0
HEAD_START_SECONDS = 0.25  # of the greedy guild
PATIENCE_SECONDS = 30.0
ROUNDS = 3
LATER = 1.1
"""How many times later than without sentences ahead a guild's first packet may come."""
PACKET_SECONDS = 0.02  # the pacer sends when the next packet is due

_VOICE = VoiceReference(Path("clip"), "0" * 64)
_SENTENCE = "A sentence of some length, as members write it."

Speak = Callable[[Due], AsyncIterator[Speech]]


class FairQueue:
    """What the bot does, over an engine; ahead: with sentences ahead, if it has slots for them."""

    def __init__(self, engine: Synthesizer, *, ahead: bool = True) -> None:
        slots = engine.slots if isinstance(engine, Together) else 1
        slows = isinstance(engine, Together) and engine.company_slows
        self._scheduler = FairScheduler(
            engine,
            at_once=lambda: slots,
            company_slows=lambda: slows,
            held=None if ahead else HeldPackets(in_all=0),
        )
        self.texts_at_once = self._scheduler.texts_at_once if ahead else lambda: 1

    def say(self, guild_id: int, sentences: int) -> Speak:
        """Return an utterance of so many sentences."""
        utterance = Utterance(" ".join([_SENTENCE] * sentences), _VOICE, guild_id=guild_id)

        async def speak(due: Due) -> AsyncGenerator[Speech, None]:
            lane = self._scheduler.lane(guild_id, due, VoiceLimits().prefetch_seconds)
            async with aclosing(SpeechService(lane, TextLimits()).speak(utterance)) as speeches:
                async for speech in speeches:
                    yield speech

        return speak

    async def close(self) -> None:
        """End the queue."""
        await self._scheduler.close()


class ArrivalQueue:
    """The usual bot: every sentence joins one queue when its text is sent."""

    def __init__(self) -> None:
        self._engine = OneByOne(SYNTHESIS_SECONDS, sentence(AUDIO_SECONDS))
        self._calls: list[asyncio.Task[list[SynthesisResult]]] = []

    texts_at_once = staticmethod(lambda: 1)

    def say(self, guild_id: int, sentences: int) -> Speak:
        """Return an utterance whose sentences have all been asked for already."""
        calls = [
            asyncio.create_task(self._engine.synthesize([SynthesisRequest(_SENTENCE, _VOICE)]))
            for _ in range(sentences)
        ]
        self._calls += calls

        async def speak(due: Due) -> AsyncGenerator[Speech, None]:
            for call in calls:
                (speech,) = await call
                assert isinstance(speech, Speech)
                yield speech

        return speak

    async def close(self) -> None:
        """End the queue."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)


@dataclass
class Call:
    """A guild with the bot in its voice channel."""

    bot: VoiceBot
    loopback: LoopbackDiscord
    guild: Guild

    def say(self, queue: FairQueue | ArrivalQueue, texts: int, sentences: int) -> None:
        """Queue texts of as many members as it takes."""
        for number in range(texts):
            speak = queue.say(self.guild.id, sentences)
            channel_id = self.guild.voice.id
            request = SayRequest(number, channel_id, "Ada", "A sentence.", sentences, speak)
            self.bot.voice.player(self.guild.id).say(request)

    async def first_packet(self) -> int:
        """Wait for the first packet that arrives and return when that was, in ns since 1970."""
        connection = self.loopback.voice.connections[self.guild.id]
        before = len(connection.arrivals_ns)
        await wait_until(
            lambda: len(connection.arrivals_ns) > before, PATIENCE_SECONDS, "the first packet"
        )
        return connection.arrivals_ns[before]


@dataclass
class Calls:
    """All guilds' calls, and how many texts of a guild the bot begins at once."""

    there: list[Call]
    texts_at_once: Callable[[], int] = lambda: 1

    async def measure(self, queue: FairQueue | ArrivalQueue, guilds: int = GUILDS) -> list[float]:
        """Let one guild queue many texts, then each other guild one.

        Return the seconds until the first packets: of the greedy guild, then of the others, sorted.
        """
        self.texts_at_once = queue.texts_at_once
        greedy, *modest = self.there[:guilds]
        first = asyncio.create_task(greedy.first_packet())
        asked = time.time_ns()
        greedy.say(queue, GREEDY_TEXTS, GREEDY_SENTENCES)
        await asyncio.sleep(HEAD_START_SECONDS)
        others = [asyncio.create_task(call.first_packet()) for call in modest]
        asked_others = time.time_ns()
        for call in modest:
            call.say(queue, 1, SENTENCES)
        waits = [(await first - asked) / 1e9]
        waits += sorted((at - asked_others) / 1e9 for at in await asyncio.gather(*others))
        for call in self.there:
            call.bot.voice.player(call.guild.id).stop()
        await queue.close()
        await asyncio.sleep(0.5)  # the closing silence of all guilds
        return waits


@asynccontextmanager
async def calls() -> AsyncIterator[Calls]:
    """Connect the bot to a voice channel in each guild."""
    everyone = Calls([])
    async with LoopbackDiscord() as loopback:
        guilds = [loopback.add_guild(f"Guild {number}") for number in range(GUILDS)]
        for guild in guilds:
            await loopback.add_person(guild, "Ada").join_voice()
        limits = VoiceLimits()
        async with VoiceBot(loopback, limits, lambda: everyone.texts_at_once()) as bot:
            running = asyncio.create_task(bot.start(loopback.token))
            await asyncio.wait_for(bot.wait_until_ready(), 10)
            for guild in guilds:
                channel = bot.get_guild(guild.id).voice_channels[0]
                assert (await bot.voice.player(guild.id).join(channel)).joined
                await loopback.voice.wait_settled(guild)
            everyone.there = [Call(bot, loopback, guild) for guild in guilds]
            yield everyone
            await bot.close()
            await running


async def measure_ahead(there: Calls, guilds: int, *, company_slows: bool) -> dict[str, Any]:
    """Measure without and with sentences ahead in turn; return the medians of some rounds."""
    rounds: dict[str, list[list[float]]] = {"before": [], "ahead": []}
    for _ in range(ROUNDS):
        for way, waits in rounds.items():
            engine = Together(
                TOGETHER_SECONDS, sentence(AUDIO_SECONDS), company_slows=company_slows
            )
            waits.append(await there.measure(FairQueue(engine, ahead=way == "ahead"), guilds))
    medians = {way: _medians(waits) for way, waits in rounds.items()}
    pairs = zip(medians["before"], medians["ahead"], strict=True)
    latest = max((ahead - PACKET_SECONDS) / before for before, ahead in pairs)
    return {**medians, "times_later": round(latest, 3)}


def _medians(rounds: list[list[float]]) -> list[float]:
    return [round(statistics.median(waits), 3) for waits in zip(*rounds, strict=True)]


async def run() -> dict[str, Any]:
    """Measure all queues with the same guilds."""
    quiet = structlog.make_filtering_bound_logger(logging.INFO)
    structlog.configure(wrapper_class=quiet)
    result: dict[str, Any] = {"synthesis_seconds": SYNTHESIS_SECONDS, "guilds": GUILDS}
    async with calls() as there:
        engine = OneByOne(SYNTHESIS_SECONDS, sentence(AUDIO_SECONDS))
        for name, queue in {"fair": FairQueue(engine), "arrival": ArrivalQueue()}.items():
            greedy, *others = await there.measure(queue)
            rounded = [round(wait, 3) for wait in others]
            result[name] = {"greedy": round(greedy, 3), "others": rounded}
        for name, slows in {"cpu": True, "gpu": False}.items():
            for guilds in (2, GUILDS):
                figures = await measure_ahead(there, guilds, company_slows=slows)
                result[f"{name}, {guilds} guilds"] = figures
    result["goals"] = [_soon_enough(result), *_not_later(result)]
    return result


def _soon_enough(result: dict[str, Any]) -> dict[str, Any]:
    # The sentence in flight, then at worst every other guild's first sentence.
    limit = SYNTHESIS_SECONDS * GUILDS + OVERHEAD_SECONDS
    slowest = max(result["fair"]["others"])
    return {
        "name": "slowest first packet beside a guild with 20 long texts, seconds",
        "measured": slowest,
        "limit": round(limit, 3),
        "met": slowest <= limit,
    }


def _not_later(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"first packet with sentences ahead, times later at most ({case})",
            "measured": figures["times_later"],
            "limit": LATER,
            "met": figures["times_later"] <= LATER,
        }
        for case, figures in result.items()
        if isinstance(figures, dict) and "times_later" in figures
    ]


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    names = {"fair": "fair queue", "arrival": "first come, first served"}
    told = [
        f"{names[name]}: first packet in the greedy guild after {result[name]['greedy']} s, in the "
        f"others after {min(result[name]['others'])} to {max(result[name]['others'])} s"
        for name in names
    ]
    for case, figures in result.items():
        if isinstance(figures, dict) and "times_later" in figures:
            before, ahead = figures["before"], figures["ahead"]
            told.append(
                f"{case}, several sentences at once: others after {before[1]} to {before[-1]} s"
                f" before, {ahead[1]} to {ahead[-1]} s with sentences ahead"
            )
    return told
