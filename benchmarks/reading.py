"""Chat read aloud by the whole bot, over the wire of the loopback Discord.

How soon a message is heard in 8 servers where 10 members chat in each, beyond what nobody can do
anything about: that its speech has to be made, and that what came before it has to be heard. How
soon a phrase that was said before, with the cache and without. How soon `/say` is heard in a server
that is busy chatting, with ranks and first come, first served. One member listens in each server,
because the listeners share the machine with the bot.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks.commands import summary
from bot import chat_reader
from bot.logs import configure_logging
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult
from bot.voice.utterances import Rank
from loopback import HeardPacket, Person, wait_until
from tests.e2e.live import Call, Live, open_live

GUILDS = 8
MEMBERS = 10
CHAT_SECONDS = 40.0
PAUSE_SECONDS = 4.0
"""Between two messages of a server, on average: most are heard before the next one comes."""
BURSTS = 4
BURST_MESSAGES = 6
OVERHEAD_LIMIT_MS = 150.0
PHRASE_LIMIT_MS = 60.0
PATIENCE_SECONDS = 60.0
PHRASES = ("Be right back!", "Good morning.", "That is so funny.", "Good night everybody.")
WARM = 2  # a phrase is kept when it was made twice
ALIKE = 5
"""Packets by which a speech is recognised."""

SETTINGS = {
    "only_in_call": False,  # one member listens
    "announce_names": "never",  # a message is one sentence
    "reads_per_minute": 240,
    "backlog_seconds": 300,
}
WORDS = ("rain", "harbour", "lantern", "garden", "ticket", "window", "river", "engine", "letter")


@dataclass
class Chat:
    """A server whose text channel is read aloud."""

    live: Live
    call: Call
    members: list[Person]

    @property
    def quiet(self) -> bool:
        """Whether nothing is being said or waits."""
        return not self.live.bot.services.voice.player(self.call.guild.id).busy

    async def until_quiet(self) -> None:
        """Wait until everything was heard, with the silence that closes it."""
        await wait_until(lambda: self.quiet, PATIENCE_SECONDS, "the end of the chat")
        await self.call.heard_to_the_end()

    async def first_packet_ms(self, text: str, write: Callable[[], object]) -> float:
        """Return the time from `write()`, which has `text` said, to its first packet."""
        said = self.live.desk.said.setdefault(self.call.guild.id, [])
        spoken_before, heard_before = len(said), len(self.call.listener.packets)
        asked_ns = time.time_ns()
        write()
        first: list[HeardPacket] = []

        def has_come() -> bool:
            heard = self.call.listener.packets[heard_before:]
            speeches = [speech for spoken, speech in said[spoken_before:] if spoken == text]
            places = [place_of(speech, heard) for speech in speeches]
            first[:] = [heard[place] for place in places if place is not None]
            return bool(first)

        await wait_until(has_come, PATIENCE_SECONDS, "the first packet")
        return (first[0].arrival_ns - asked_ns) / 1e6

    async def stop(self) -> None:
        """Forget what waits, and fall silent."""
        heard = len(self.call.listener.packets)
        self.live.bot.services.voice.player(self.call.guild.id).stop()
        await self.call.heard_to_the_end(since=heard)


def place_of(speech: Speech, heard: Sequence[HeardPacket], start: int = 0) -> int | None:
    """Return where the speech begins among the packets, from `start` on."""
    begin = list(speech.packets[:ALIKE])
    for place in range(start, len(heard) - len(begin) + 1):
        if [packet.opus for packet in heard[place : place + len(begin)]] == begin:
            return place
    return None


async def open_chat(live: Live) -> Chat:
    """Make a server and have its text channel read."""
    call = await live.new_call()
    others = [live.discord.add_person(call.guild, f"Member {n}") for n in range(1, MEMBERS)]
    for key, value in SETTINGS.items():
        await live.bot.services.settings.change_guild(call.guild.id, key, value, changed_by=None)
    await call.ada.slash("read start").answered(PATIENCE_SECONDS)
    return Chat(live, call, [call.ada, *others])


class EngineWatch:
    """Notes when the bot's engine, which speaks one sentence at a time, was at work on what."""

    def __init__(self, live: Live) -> None:
        self._calls: list[tuple[int, int, Speech]] = []  # begin and end in ns since 1970
        self._synthesize = live.backstage.engine.synthesize
        engine: Any = live.backstage.engine
        engine.synthesize = self._watched

    async def _watched(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        begin = time.time_ns()
        results = await self._synthesize(batch)
        now = time.time_ns()
        self._calls += [(begin, now, made) for made in results if isinstance(made, Speech)]
        return results

    def at_work_ns(self, since_ns: int, speech: Speech) -> int:
        """Return how long it was at work from `since_ns` until it had made `speech`."""
        made_ns = next(end for _, end, made in self._calls if made is speech)
        calls = ((max(begin, since_ns), min(end, made_ns)) for begin, end, _ in self._calls)
        return sum(max(0, end - begin) for begin, end in calls)


@dataclass(frozen=True)
class Delay:
    """Of a message in ms, from when it could be heard at the earliest.

    That is when what came before it was over, and its speech could have been made: alone, or with
    what the engine made meanwhile for other servers.
    """

    alone: float
    with_others: float


async def chatting(live: Live, chats: Sequence[Chat]) -> list[Delay]:
    """Let all servers chat at the same time."""
    watch = EngineWatch(live)
    delays = await asyncio.gather(*(_chat(chat, watch) for chat in chats))
    return [delay for each in delays for delay in each]


async def _chat(chat: Chat, watch: EngineWatch) -> list[Delay]:
    chance = random.Random(chat.call.guild.id)
    said = chat.live.desk.said.setdefault(chat.call.guild.id, [])
    said_before, heard_before = len(said), len(chat.call.listener.packets)
    written: dict[str, int] = {}
    until = time.monotonic() + CHAT_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(chance.expovariate(1 / PAUSE_SECONDS))
        text = f"The {chance.choice(WORDS)} is in place {len(written)}."
        written[text] = time.time_ns()
        chance.choice(chat.members).send(text)
    await chat.until_quiet()
    return delays(said[said_before:], written, chat.call.listener.packets[heard_before:], watch)


def delays(
    said: Sequence[tuple[str, Speech]],
    written: Mapping[str, int],
    heard: Sequence[HeardPacket],
    watch: EngineWatch,
) -> list[Delay]:
    """Return the delay of each text. written: when, in ns since 1970."""
    result = []
    place, over_ns = 0, 0
    for text, speech in said:  # a sentence each, heard in this order
        begin = place_of(speech, heard, place)
        assert begin is not None, f"{text} was not heard"
        place = begin + len(speech.packets)
        first_ns = heard[begin].arrival_ns
        makings = sum(speech.timings.values()) * 1e9, watch.at_work_ns(written[text], speech)
        alone, both = (first_ns - max(written[text] + making, over_ns) for making in makings)
        result.append(Delay(alone / 1e6, both / 1e6))
        over_ns = heard[place - 1].arrival_ns
    return result


async def phrases(chat: Chat, *, cached: bool) -> list[float]:
    """Return the times from a phrase that was said before to its first packet, in ms."""
    settings, guild_id = chat.live.bot.services.settings, chat.call.guild.id
    await settings.change_guild(guild_id, "cache_phrases", cached, changed_by=None)
    times = []
    for phrase in PHRASES:
        for number, member in enumerate(chat.members):  # what one repeats is not read again
            taken = await chat.first_packet_ms(phrase, partial(member.send, phrase))
            if number >= WARM:
                times.append(taken)
            await chat.stop()
    return times


async def commands(chat: Chat) -> list[float]:
    """Return the times from `/say`, amid a burst of messages, to its first packet, in ms."""
    times = []
    for burst in range(BURSTS):
        heard = len(chat.call.listener.audible)
        for number in range(BURST_MESSAGES):
            chat.members[number].send(f"Message {number} of burst {burst} is read aloud.")
        await chat.call.listener.until_heard(heard + 20, PATIENCE_SECONDS)
        text = f"This was asked for in burst {burst}."
        times.append(await chat.first_packet_ms(text, partial(chat.call.say, text)))
        await chat.stop()
    return times


def first_come_first_served() -> Any:
    """Return a context in which what is read aloud has the rank of a command."""
    ranks = SimpleNamespace(SAY=Rank.SAY, CHATTER=Rank.SAY)
    return patch.object(chat_reader, "Rank", ranks)


async def run() -> dict[str, Any]:
    """Measure; times in milliseconds."""
    configure_logging("warning")
    result: dict[str, Any] = {"guilds": GUILDS, "members": MEMBERS}
    result["load_average_before"] = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as directory:
        async with open_live(Path(directory), message_content=True) as live:
            await live.backstage.engine.start()
            chats = [await open_chat(live) for _ in range(GUILDS)]
            delays = await chatting(live, chats)
            result["chat"] = summary([delay.with_others for delay in delays])
            result["chat alone"] = summary([delay.alone for delay in delays])
            result["phrase"] = summary(await phrases(chats[0], cached=True))
            result["phrase anew"] = summary(await phrases(chats[1], cached=False))
            result["command"] = summary(await commands(chats[2]))
            with first_come_first_served():
                result["command in its turn"] = summary(await commands(chats[3]))
    return result | {"goals": goals(result)}


def goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What the project promises."""
    wanted = (
        ("message to first packet beyond synthesis p50, ms", "chat", OVERHEAD_LIMIT_MS),
        ("cached phrase to first packet p50, ms", "phrase", PHRASE_LIMIT_MS),
    )
    return [
        {
            "name": name,
            "measured": result[part]["p50"],
            "limit": limit,
            "met": result[part]["p50"] <= limit,
        }
        for name, part, limit in wanted
    ]


def lines(result: dict[str, Any]) -> list[str]:
    """The result as a table."""
    names = {
        "chat": f"message beyond synthesis, {GUILDS} servers chat",
        "chat alone": "the same, others' synthesis included",
        "phrase": "phrase from the cache",
        "phrase anew": "phrase without the cache",
        "command": "/say amid chat, goes first",
        "command in its turn": "/say amid chat, first come, first served",
    }
    rows = [f"{'':42}  count   p50 ms   p99 ms   max ms"]
    for part, name in names.items():
        figures = "".join(f"{result[part][figure]:9.1f}" for figure in ("p50", "p99", "max"))
        rows.append(f"{name:42}{result[part]['count']:7}{figures}")
    return rows
