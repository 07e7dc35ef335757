"""One bot in several processes on the wire: servers that speak at once, and the pace of each.

Real programs (`mynah run`, each with a pool of two engines that cost a fixed time) on one data
directory, each with shards of its own, in the loopback Discord, which lets one shard identify in
5 s. Calls are encrypted end to end. Gaps are taken from the kernel's receive times while all
servers speak. Bare programs that only sleep from packet to packet show what pace the machine keeps
meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.doubles.fixed_program import COST_SECONDS, SENTENCE_SECONDS, SLOTS
from bot.cli.status import ask_all
from loopback import Guild, Interaction, Listener, LoopbackDiscord, Person, wait_until
from loopback.voice_connection import VoiceConnection
from storage.types import OPERATOR_GUILD_ID, NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.metronome import METRONOMES, pace_of, start_bare

PROCESSES, SHARDS_EACH, SERVERS = 4, 2, 64
SENTENCES = 8
MOST_P99_MS = 22.0
IDENTIFY_SECONDS = 5.0
START_SECONDS = 180.0
VOICE = "Anna"
_HEARD = 5  # packets that a listener reads of each call, before they are only counted
_TAIL = 5  # frames of silence that close speech


@dataclass
class Server:
    """A guild with somebody who listens, and the bot's connection there while it speaks.

    process: which looks after it. asked_ns: when it was to speak, in ns since 1970.
    """

    guild: Guild
    ada: Person
    listener: Listener
    process: int
    connection: VoiceConnection | None = None
    asked_ns: int = 0


@dataclass(frozen=True)
class Program:
    """What stands in for `mynah`: a module, and what its environment has besides.

    complete: whether it has all it needs, by what it tells with `mynah status --json`.
    """

    module: str = "benchmarks.doubles.fixed_program"
    environment: Mapping[str, str] = field(default_factory=dict)
    complete: Callable[[Mapping[str, Any]], bool] = lambda document: True


@dataclass
class Bots:
    """The processes of one bot."""

    discord: LoopbackDiscord
    data: Path
    servers: list[Server]
    processes: list[Process]

    def commands_told(self) -> int:
        """How often Discord was told about the commands."""
        requests = self.discord.requests
        return sum(r.method == "PUT" and r.path.endswith("/commands") for r in requests)


@asynccontextmanager
async def open_bots(
    servers: Sequence[int], shards_each: int, program: Program = Program()
) -> AsyncIterator[Bots]:
    """Start a process for each number of servers, and wait until every shard is ready."""
    processes, shards = len(servers), len(servers) * shards_each
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mynah-processes-"))
        data = Path(folder)
        await _store_voice(data)
        discord = await stack.enter_async_context(LoopbackDiscord(shards=shards))
        discord.gateway.identify_seconds = IDENTIFY_SECONDS
        there = [
            await _server(discord, process, process * shards_each + number % shards_each, shards)
            for process, count in enumerate(servers)
            for number in range(count)
        ]
        running = [
            await stack.enter_async_context(
                _running(program, discord, data, _named(number, shards_each, shards))
            )
            for number in range(processes)
        ]
        await discord.gateway.wait_ready(shards, START_SECONDS)
        await _online(data, processes, program)
        yield Bots(discord, data, there, running)


async def _online(data: Path, processes: int, program: Program) -> None:
    """Wait until every process knows all of its servers and can speak, as it tells by itself."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            told = await asyncio.to_thread(ask_all, data)
            if (
                sum(each.get("ready", False) and program.complete(each) for each in told)
                == processes
            ):
                return
            await asyncio.sleep(0.5)


def _named(number: int, each: int, shards: int) -> str:
    first = number * each
    return f"{first}-{first + each - 1}/{shards}"


async def _store_voice(data: Path) -> None:
    noise = np.random.default_rng(7).normal(0.0, 0.1, 4 * 24_000)
    async with VoiceStore.open(data) as store:
        await store.add(NewVoice(OPERATOR_GUILD_ID, VOICE), ReferenceClip(noise.astype(np.float32)))


async def _server(discord: LoopbackDiscord, process: int, shard: int, shards: int) -> Server:
    """Make a guild of a shard; a guild's id is of the time, so it takes a few tries."""
    while ((guild := discord.add_guild()).id >> 22) % shards != shard:
        del discord.world.guilds[guild.id]  # no bot has heard of it yet
        await asyncio.sleep(0.0005)
    ada = discord.add_person(guild, "Ada")
    return Server(guild, ada, await ada.join_voice(), process)


@asynccontextmanager
async def _running(
    program: Program, discord: LoopbackDiscord, data: Path, shards: str
) -> AsyncIterator[Process]:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("MYNAH_")},
        **discord.env(),
        "MYNAH_STORAGE__DIRECTORY": str(data),
        "MYNAH_DISCORD__SHARDS": shards,
        "MYNAH_LOGGING__LEVEL": "error",
        **program.environment,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program.module, "run", env=environment, stdout=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def speak(bots: Bots, sentences: int) -> None:
    """Have every server speak at once; return when all were heard to the end."""
    asked = ask_to_speak(bots, sentences)
    await asyncio.gather(*(begun(bots, server) for server in bots.servers))
    expected = round(sentences * SENTENCE_SECONDS * 50)
    within = sentences * SENTENCE_SECONDS + START_SECONDS
    await wait_until(lambda: all(_count(s) >= expected for s in bots.servers), within, "all texts")
    for command in asked:
        assert "speaks as" in (await command.answered()).content


def ask_to_speak(bots: Bots, sentences: int) -> list[Interaction]:
    """Have every server speak a text of so many sentences; return what was asked."""
    text = " ".join(f"This is sentence number {n} of a text." for n in range(1, sentences + 1))
    asked = []
    for server in bots.servers:
        server.asked_ns = time.time_ns()
        asked.append(server.ada.slash("say", text=text, voice=VOICE))
    return asked


async def begun(bots: Bots, server: Server) -> None:
    """Wait until somebody could decrypt it; from then on packets are only counted."""
    await server.listener.until_heard(_HEARD, START_SECONDS)
    server.connection = bots.discord.voice.connections[server.guild.id]
    server.connection.count_only = True


def _count(server: Server) -> int:
    return len(server.connection.arrivals_ns) if server.connection is not None else 0


def pacing_together(servers: Sequence[Server]) -> dict[str, Any]:
    """Describe the gaps of all servers, in the time in which all of them speak."""
    # Copies: an array that numpy looks into cannot grow, and packets come still.
    arrivals = [np.asarray(s.connection.arrivals_ns[:], np.int64) for s in servers if s.connection]
    begin = max(int(each[1]) for each in arrivals)
    end = min(int(each[-1 - _TAIL]) for each in arrivals)
    together = [each[(each >= begin) & (each <= end)] for each in arrivals]
    gaps = np.concatenate([np.diff(each) for each in together]) / 1e6
    return {
        "together_seconds": round((end - begin) / 1e9, 1),
        "gaps": len(gaps),
        "p50_ms": round(float(np.percentile(gaps, 50)), 2),
        "p99_ms": round(float(np.percentile(gaps, 99)), 2),
        "max_ms": round(float(gaps.max()), 1),
        "gaps_over_40_ms": int(np.sum(gaps > 40)),
    }


def missing(servers: Sequence[Server]) -> int:
    """Return how many packets never came, by the gaps in their sequence numbers."""
    lost = 0
    for server in servers:
        assert server.connection is not None
        sequences = np.asarray(server.connection.sequences, np.int64)
        lost += int((np.diff(sequences) % 65536 - 1).sum())
    return lost


async def measure(processes: int, shards_each: int, servers: int, sentences: int) -> dict[str, Any]:
    """Start everything, have all servers speak, and describe what was heard."""
    async with open_bots([servers // processes] * processes, shards_each) as bots:
        heard = await hear(bots, sentences)
        return {
            "engines_each": {"engines": 2, "cost_seconds": COST_SECONDS, "slots": SLOTS,
                       "sentence_seconds": SENTENCE_SECONDS, "sentences": sentences},
            **heard,
        }  # fmt: skip


async def hear(bots: Bots, sentences: int) -> dict[str, Any]:
    """Have all servers speak, beside bare programs, and describe what was heard."""
    bare = [await start_bare() for _ in range(METRONOMES)]
    await speak(bots, sentences)
    paces = [await pace_of(program) for program in bare]
    documents = await asyncio.to_thread(ask_all, bots.data)
    gateway = bots.discord.gateway
    return {
        "processes": len(bots.processes),
        "shards": gateway.identified,
        "servers": len(bots.servers),
        "identified": gateway.identified,
        "identified_too_early": gateway.identified_too_early,
        "commands_told": bots.commands_told(),
        "pacing": pacing_together(bots.servers),
        "bare_programs": [
            {"p99_ms": round(p.p99, 2), "max_ms": round(p.maximum, 1), "over_40": p.over_40}
            for p in paces
        ],
        "packets_missing": missing(bots.servers),
        "violations": dict(Counter(v.kind for v in bots.discord.violations)),
        "pacer_realtime": all(each["voice"]["realtime"] for each in documents),
        "servers_by_process": [each["servers"] for each in documents],
        "ready": [each["ready"] for each in documents],
    }


async def run() -> dict[str, Any]:
    """Measure, and hold it against the goals."""
    result = await measure(PROCESSES, SHARDS_EACH, SERVERS, SENTENCES)
    return result | {"goals": goals_of(result)}


def goals_of(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Hold what was heard against what is promised."""
    servers, processes = result["servers"], result["processes"]
    return [
        goal(f"{servers} servers at once in {processes} processes: p99 of the pace, ms",
             result["pacing"]["p99_ms"], MOST_P99_MS),
        goal("packets that never came", result["packets_missing"], 0),
        goal("shards that identified too early", result["identified_too_early"], 0),
        goal("times that Discord was told about the commands", result["commands_told"], 1),
    ]  # fmt: skip


def goal(name: str, measured: float, limit: float) -> dict[str, Any]:
    """Return what was measured beside what it may be at most."""
    return {"name": name, "measured": measured, "limit": limit, "met": measured <= limit}


def lines(result: Mapping[str, Any]) -> list[str]:
    """Describe a result."""
    pacing = result["pacing"]
    return [
        f"{result['servers']} servers in {result['processes']} processes of "
        f"{result['shards'] // result['processes']} shards each spoke together for "
        f"{pacing['together_seconds']} s",
        f"{pacing['gaps']} gaps: p50 {pacing['p50_ms']} ms, p99 {pacing['p99_ms']} ms, max "
        f"{pacing['max_ms']} ms, {pacing['gaps_over_40_ms']} over 40 ms; "
        f"{result['packets_missing']} packets missing",
        "bare programs that only sleep, beside it: p99 "
        + ", ".join(f"{each['p99_ms']} ms" for each in result["bare_programs"]),
        f"{result['identified']} shards identified, {result['identified_too_early']} too early; "
        f"commands told {result['commands_told']} times; violations {result['violations']}",
    ]
