"""Servers that ask for far more than the engine can make, and what became of each wish."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.doubles.timed_engine import Together
from bot.errors import BusyError
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import Speech, VoiceReference
from bot.text.plan import TextLimits
from bot.voice.limits import VoiceLimits
from bot.voice.player import Ticket
from bot.voice.utterances import Due, Progress, SayRequest, UtteranceEnd
from loopback import Guild, LoopbackDiscord
from tests.voice.stage import VoiceBot, sentence

MEMBERS = 4
"""Who ask in each server; each may have five texts in the queue."""

TIMES_TOO_MUCH = 10.0
TURN_SECONDS = 4.0
"""How long it takes the engine to make a sentence for every server."""

AUDIO_SECONDS = 0.6
TEXT = "A sentence of some length, as members write it."

_VOICE = VoiceReference(Path("clip"), "0" * 64)
_ESTIMATE = re.compile(r"in about (\d+) s")


@dataclass
class Server:
    """What one server's members asked for. waits: those that were told, and those that came."""

    guild: Guild
    heard_seconds: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    refused: int = 0
    refused_without_estimate: list[str] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)


class Crowd:
    """The members of all servers; they ask at an even pace, whatever they are told."""

    def __init__(
        self,
        bot: VoiceBot,
        scheduler: FairScheduler,
        guilds: Sequence[Guild],
        forget_heard: Callable[[], None],
    ) -> None:
        """forget_heard: lets the listeners forget, whose memory is this process's, too."""
        self._bot, self._scheduler = bot, scheduler
        self._forget_heard = forget_heard
        self.servers = [Server(guild) for guild in guilds]
        self.slowest_answer = 0.0
        self.memory: list[int] = []
        self._over = False

    async def ask(self, seconds: float) -> None:
        """Have everybody ask for so long, and let what is being said end."""
        pause = TURN_SECONDS / TIMES_TOO_MUCH
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + seconds:
            for number, server in enumerate(self.servers):
                self._say(server, member=int(now / pause) % MEMBERS)
                if number % 8 == 0:
                    await asyncio.sleep(0)
            self._forget_heard()
            self.memory.append(psutil.Process().memory_info().rss)
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - now)))
        self._over = True
        for server in self.servers:
            self._bot.voice.player(server.guild.id).stop()

    def _say(self, server: Server, member: int) -> None:
        player, asked = self._bot.voice.player(server.guild.id), time.monotonic()
        told: list[Ticket] = []

        def on_progress(progress: Progress) -> None:
            self._follow(server, progress, asked, told)

        request = SayRequest(
            member,
            server.guild.voice.id,
            "Ada",
            TEXT,
            1,
            lambda due: self._speak(server, due),
            on_progress,
        )
        try:
            told.append(player.say(request))
        except BusyError as refusal:
            server.refused += 1
            if not _ESTIMATE.search(str(refusal)):
                server.refused_without_estimate.append(str(refusal))
        self.slowest_answer = max(self.slowest_answer, time.monotonic() - asked)

    def _follow(self, server: Server, progress: Progress, asked: float, told: list[Ticket]) -> None:
        if self._over:
            return
        if progress.end is not None:
            server.ends[progress.end.name] += 1
            server.cut += progress.started and progress.end is not UtteranceEnd.PLAYED
            server.heard_seconds += AUDIO_SECONDS * progress.played
        elif progress.started and told:
            server.waits.append((told.pop().seconds_before, time.monotonic() - asked))

    async def _speak(self, server: Server, due: Due) -> AsyncGenerator[Speech, None]:
        lane = self._scheduler.lane(server.guild.id, due, VoiceLimits().prefetch_seconds)
        utterance = Utterance(TEXT, _VOICE, guild_id=server.guild.id)
        async with aclosing(SpeechService(lane, TextLimits()).speak(utterance)) as speeches:
            async for speech in speeches:
                yield speech


@asynccontextmanager
async def open_crowd(servers: int) -> AsyncIterator[Crowd]:
    """Bring the bot into a call of each server, with an engine whose sentences cost the same."""
    speech = sentence(AUDIO_SECONDS)
    engine = Together(TURN_SECONDS / servers * Together.slots, speech, company_slows=False)
    scheduler = FairScheduler(engine, at_once=lambda: engine.slots)
    async with LoopbackDiscord() as loopback:
        guilds = [loopback.add_guild(f"Guild {number}") for number in range(servers)]
        listeners = [await loopback.add_person(guild, "Ada").join_voice() for guild in guilds]

        def forget_heard() -> None:
            for listener in listeners:
                listener.packets.clear()
            for connection in loopback.voice.connections.values():
                connection.speaking.clear()

        limits = VoiceLimits()
        async with VoiceBot(
            loopback, limits, scheduler.texts_at_once, scheduler.wait_seconds
        ) as bot:
            running = asyncio.create_task(bot.start(loopback.token))
            await asyncio.wait_for(bot.wait_until_ready(), 30)
            for guild in guilds:
                channel = bot.get_guild(guild.id).voice_channels[0]
                assert (await bot.voice.player(guild.id).join(channel)).joined
                await loopback.voice.wait_settled(guild)
            yield Crowd(bot, scheduler, guilds, forget_heard)
            await bot.close()
            await running
            await scheduler.close()


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 where all have the same, 1/n where one has all.

    (sum x)^2 / (n sum x^2); Jain, Chiu, Hawe, DEC-TR-301, 1984.
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0


def growth(memory: Sequence[int]) -> float:
    """Return by how much the memory of the last fifth is above that of the second, in percent."""
    fifth = max(1, len(memory) // 5)
    early = statistics.median(memory[fifth : 2 * fifth] or memory)
    return 100 * (statistics.median(memory[-fifth:]) / early - 1)


def report(crowd: Crowd) -> dict[str, object]:
    """Return what became of everything."""
    servers = crowd.servers
    waits = [wait for server in servers for wait in server.waits]
    off = [abs(told - came) for told, came in waits]
    ends = sum((server.ends for server in servers), Counter[str]())
    without = [text for server in servers for text in server.refused_without_estimate]
    result: dict[str, object] = {
        "servers": len(servers),
        "times_too_much": TIMES_TOO_MUCH,
        "ends": ends,
        "refused": sum(server.refused for server in servers),
        "refused_without_estimate": without[:3],
        "slowest_answer_seconds": round(crowd.slowest_answer, 3),
        "jain": round(jain([server.heard_seconds for server in servers]), 4),
        "cut": sum(server.cut for server in servers),
        "wait_came_seconds": round(statistics.median(came for _, came in waits), 1),
        "wait_told_off_seconds": round(statistics.median(off), 1),
        "memory_growth_percent": round(growth(crowd.memory), 1),
        "memory_mb": round(max(crowd.memory) / 1e6),
    }
    result["wrong"] = _wrong(result)
    return result


def _wrong(result: dict[str, object]) -> list[str]:
    wrong = {
        "shares are uneven": result["jain"] < 0.95,  # type: ignore[operator]
        "speech was cut": result["cut"] != 0,
        "refusals without an estimate": bool(result["refused_without_estimate"]),
        "nothing was refused": result["refused"] == 0,
        "memory grows": result["memory_growth_percent"] > 10,  # type: ignore[operator]
    }
    return [what for what, is_so in wrong.items() if is_so]
