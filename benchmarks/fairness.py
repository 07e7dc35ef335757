"""Eight guilds at once, one of them greedy: who waits how long for the first packet.

On the wire of the loopback Discord, with an engine double that takes a known time for a sentence.
The fair queue is measured against one that serves sentences in the order in which they were
asked for, in the same run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from bot.voice.limits import VoiceLimits
from bot.voice.utterances import Due, SayRequest
from tests.loopback import Guild, LoopbackDiscord, wait_until
from tests.voice.stage import VoiceBot, sentence

GUILDS = 8
GREEDY_TEXTS = 20
GREEDY_SENTENCES = 4
SENTENCES = 2
SYNTHESIS_SECONDS = 0.1  # of one sentence
OVERHEAD_SECONDS = 0.15
AUDIO_SECONDS = 3.0
HEAD_START_SECONDS = 0.25  # of the greedy guild
PATIENCE_SECONDS = 30.0
_REQUEST = SynthesisRequest("A sentence.", VoiceReference(Path("clip"), "0" * 64))

Speak = Callable[[Due], AsyncIterator[Speech]]


class TimedEngine:
    """Takes `SYNTHESIS_SECONDS` for a sentence, one after another."""

    def __init__(self) -> None:
        self._speech = sentence(AUDIO_SECONDS)
        self._turn = asyncio.Lock()  # first come, first served

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        """Return the same speech for each request."""
        async with self._turn:
            await asyncio.sleep(SYNTHESIS_SECONDS * len(batch))
        return [self._speech] * len(batch)


class FairQueue:
    """What the bot does."""

    def __init__(self) -> None:
        self._scheduler = FairScheduler(TimedEngine())

    def say(self, guild_id: int, sentences: int) -> Speak:
        """Return an utterance that asks for a sentence when it is needed."""

        async def speak(due: Due) -> AsyncGenerator[Speech, None]:
            lane = self._scheduler.lane(guild_id, due)
            for _ in range(sentences):
                (speech,) = await lane.synthesize([_REQUEST])
                assert isinstance(speech, Speech)
                yield speech

        return speak

    async def close(self) -> None:
        """End the queue."""
        await self._scheduler.close()


class ArrivalQueue:
    """The usual bot: every sentence joins one queue when its text is sent."""

    def __init__(self) -> None:
        self._engine = TimedEngine()
        self._calls: list[asyncio.Task[list[SynthesisResult]]] = []

    def say(self, guild_id: int, sentences: int) -> Speak:
        """Return an utterance whose sentences have all been asked for already."""
        calls = [asyncio.create_task(self._engine.synthesize([_REQUEST])) for _ in range(sentences)]
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


@asynccontextmanager
async def calls() -> AsyncIterator[list[Call]]:
    """Connect the bot to a voice channel in each guild."""
    async with LoopbackDiscord() as loopback:
        guilds = [loopback.add_guild(f"Guild {number}") for number in range(GUILDS)]
        for guild in guilds:
            await loopback.add_person(guild, "Ada").join_voice()
        async with VoiceBot(loopback, VoiceLimits()) as bot:
            running = asyncio.create_task(bot.start(loopback.token))
            await asyncio.wait_for(bot.wait_until_ready(), 10)
            for guild in guilds:
                channel = bot.get_guild(guild.id).voice_channels[0]
                assert (await bot.voice.player(guild.id).join(channel)).joined
                await loopback.voice.wait_settled(guild)
            yield [Call(bot, loopback, guild) for guild in guilds]
            await bot.close()
            await running


async def measure(queue: FairQueue | ArrivalQueue, there: list[Call]) -> dict[str, Any]:
    """Let one guild queue many texts, then each other guild one; time the first packets."""
    greedy, *modest = there
    first = asyncio.create_task(greedy.first_packet())
    asked = time.time_ns()
    greedy.say(queue, GREEDY_TEXTS, GREEDY_SENTENCES)
    await asyncio.sleep(HEAD_START_SECONDS)
    others = [asyncio.create_task(call.first_packet()) for call in modest]
    asked_others = time.time_ns()
    for call in modest:
        call.say(queue, 1, SENTENCES)
    waits = [(await first - asked) / 1e9]
    waits += [(at - asked_others) / 1e9 for at in await asyncio.gather(*others)]
    for call in there:
        call.bot.voice.player(call.guild.id).stop()
    await queue.close()
    return {"greedy": round(waits[0], 3), "others": [round(wait, 3) for wait in waits[1:]]}


async def run() -> dict[str, Any]:
    """Measure both queues with the same guilds."""
    result: dict[str, Any] = {"synthesis_seconds": SYNTHESIS_SECONDS, "guilds": GUILDS}
    async with calls() as there:
        result["fair"] = await measure(FairQueue(), there)
        await asyncio.sleep(0.5)  # the closing silence of all guilds
        result["arrival"] = await measure(ArrivalQueue(), there)
    # The sentence in flight, then at worst every other guild's first sentence.
    limit = SYNTHESIS_SECONDS * GUILDS + OVERHEAD_SECONDS
    slowest = max(result["fair"]["others"])
    result["goals"] = [
        {
            "name": "slowest first packet beside a guild with 20 long texts, seconds",
            "measured": slowest,
            "limit": round(limit, 3),
            "met": slowest <= limit,
        }
    ]
    return result


def lines(result: dict[str, Any]) -> list[str]:
    """Describe a result."""
    names = {"fair": "fair queue", "arrival": "first come, first served"}
    return [
        f"{names[name]}: first packet in the greedy guild after {result[name]['greedy']} s, in the "
        f"others after {min(result[name]['others'])} to {max(result[name]['others'])} s"
        for name in names
    ]
