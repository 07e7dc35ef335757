"""One bot in several processes that share two actors of a Ray cluster, on the wire.

Real programs (`mynah run`) with `[engine] executor = "ray"`, a real cluster on this machine, calls
encrypted end to end; in `benchmarks.processes` each program has engines of its own. Twice: with as
many servers in each process, for the pace; with many in one and few in the others while the actors
cannot keep up, for what each server gets of them. Needs the extra `ray`: `make bench-ray`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.doubles.paced_engine import SENTENCE_SECONDS, SLOTS
from benchmarks.doubles.ray_program import COST, NOTES
from benchmarks.processes import (
    SHARDS_EACH,
    Bots,
    Program,
    Server,
    ask_to_speak,
    begun,
    goal,
    goals_of,
    hear,
    open_bots,
)
from benchmarks.processes import lines as lines_of_pace
from benchmarks.ray import open_cluster
from benchmarks.simulation.world import jain

ACTORS = 2
SERVERS = (16, 16, 16, 16)
UNEQUAL = (40, 8, 8, 8)
SENTENCES = 8
COST_SECONDS = 0.2
SCARCE_SECONDS = 0.5
"""Of a sentence, of which 64 servers then ask for twice as many as two actors can make."""

SCARCE_TEXTS = 3
SETTLING_SECONDS = 5.0
"""After the last call has begun, before sentences are counted."""

COUNTED_SECONDS = 24.0
LEAST_JAIN = 0.95
MEBIBYTE = 1 << 20


async def run() -> dict[str, Any]:
    """Measure both, and hold them against the goals."""
    pace = await measure_pace(SERVERS, SENTENCES)
    shares = await measure_shares(UNEQUAL, COUNTED_SECONDS)
    jain_goal = {
        "name": f"Jain's index over servers, {'/'.join(map(str, UNEQUAL))} to a process",
        "measured": shares["jain"],
        "limit": LEAST_JAIN,
        "met": shares["jain"] >= LEAST_JAIN,
    }
    ready = goal("processes that were not ready", pace["ready"].count(False), 0)
    return {"pace": pace, "shares": shares, "goals": [*goals_of(pace), ready, jain_goal]}


async def measure_pace(servers: Sequence[int], sentences: int) -> dict[str, Any]:
    """Have all servers speak at once; describe what was heard, when, and what that takes."""
    async with _sharing(servers, COST_SECONDS) as (bots, notes):
        heard = await hear(bots, sentences)
        made = _first_made(notes)
        sound = {s.guild.id: (_first_packet(s) - s.asked_ns) / 1e9 for s in bots.servers}
        sentence = {s.guild.id: (made[s.guild.id] - s.asked_ns) / 1e9 for s in bots.servers}
        return {
            **heard,
            "actors": {"actors": ACTORS, "slots": SLOTS, "cost_seconds": COST_SECONDS,
                       "sentence_seconds": SENTENCE_SECONDS, "sentences": sentences},
            "first_sound_seconds": _by_process(bots.servers, sound),
            "first_sentence_made_seconds": _by_process(bots.servers, sentence),
            "memory_and_threads": [footprint(process.pid) for process in bots.processes],
        }  # fmt: skip


async def measure_shares(servers: Sequence[int], seconds: float) -> dict[str, Any]:
    """Have all servers ask for more than the actors can make; count what each gets."""
    async with _sharing(servers, SCARCE_SECONDS) as (bots, notes):
        ask_to_speak(bots, SENTENCES)
        await asyncio.gather(*(begun(bots, server) for server in bots.servers))
        for _ in range(SCARCE_TEXTS - 1):  # not before all calls are there
            ask_to_speak(bots, SENTENCES)
        await asyncio.sleep(SETTLING_SECONDS)
        before = Counter(server for _, server in _made(notes))
        await asyncio.sleep(seconds)
        made = Counter(server for _, server in _made(notes))
        counts = {s.guild.id: made[s.guild.id] - before[s.guild.id] for s in bots.servers}
        done = sum(made[s.guild.id] >= SCARCE_TEXTS * SENTENCES for s in bots.servers)
        of_process = [
            [counts[s.guild.id] for s in bots.servers if s.process == process]
            for process in range(len(servers))
        ]
        return {
            "servers_by_process": list(servers),
            "actors": {"actors": ACTORS, "slots": SLOTS, "cost_seconds": SCARCE_SECONDS},
            "seconds": seconds,
            "sentences": sum(counts.values()),
            "most_possible": round(ACTORS * SLOTS * seconds / SCARCE_SECONDS),
            "sentences_a_server_by_process": [round(sum(c) / len(c), 2) for c in of_process],
            "least_and_most_of_a_server": [min(counts.values()), max(counts.values())],
            "jain": round(jain([float(count) for count in counts.values()]), 4),
            "jain_if_by_processes": round(_jain_by_processes(servers), 4),
            "servers_that_had_all": done,
        }


def _jain_by_processes(servers: Sequence[int]) -> float:
    """Return what the index would be if each process got as much as another."""
    return jain([1 / count for count in servers for _ in range(count)])


@asynccontextmanager
async def _sharing(servers: Sequence[int], cost_seconds: float) -> AsyncIterator[tuple[Bots, Path]]:
    """Open a cluster and the processes that share its actors; yield what the actors note, too."""
    with tempfile.TemporaryDirectory(prefix="mynah-actors-") as folder, open_cluster() as address:
        notes = Path(folder) / "notes"
        environment = {
            COST: str(cost_seconds),
            NOTES: str(notes),
            "MYNAH_ENGINE__KIND": "piper",
            "MYNAH_ENGINE__EXECUTOR": "ray",
            "MYNAH_ENGINE__RAY_ADDRESS": address,
            "MYNAH_ENGINE__RAY_ACTORS": str(ACTORS),
            "MYNAH_ENGINE__RAY_GPUS": "0",
        }
        program = Program("benchmarks.doubles.ray_program", environment, _sees_all_actors)
        async with open_bots(servers, SHARDS_EACH, program) as bots:
            yield bots, notes


def _sees_all_actors(document: Mapping[str, Any]) -> bool:
    return bool(document["engine"]["slots"] >= ACTORS * SLOTS)


def _made(notes: Path) -> list[tuple[int, int]]:
    """Return when each sentence was made, in ns since 1970, and for which server."""
    lines = notes.read_text(encoding="ascii").splitlines() if notes.exists() else []
    return [(int(when), int(server)) for when, server in map(str.split, lines)]


def _first_made(notes: Path) -> dict[int, int]:
    first: dict[int, int] = {}
    for when, server in sorted(_made(notes)):
        first.setdefault(server, when)
    return first


def _first_packet(server: Server) -> int:
    assert server.connection is not None
    return int(server.connection.arrivals_ns[0])


def _by_process(servers: Sequence[Server], seconds: Mapping[int, float]) -> dict[str, Any]:
    processes = sorted({server.process for server in servers})
    by_process = [
        _spread([seconds[s.guild.id] for s in servers if s.process == process])
        for process in processes
    ]
    return {"all": _spread(list(seconds.values())), "by_process": by_process}


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "max": round(max(seconds), 2)}


def footprint(pid: int) -> dict[str, Any]:
    """Return the threads, memory and processor time of a program and of each child."""
    program = psutil.Process(pid)
    children = [_footprint(child) for child in program.children(recursive=True)]
    return {"bot": _footprint(program), "children": children}


def _footprint(process: psutil.Process) -> dict[str, Any]:
    times, memory = process.cpu_times(), process.memory_full_info()
    maps = Path(f"/proc/{process.pid}/maps")
    return {
        "asks_the_cluster": "_raylet" in maps.read_text(errors="replace"),
        "threads": process.num_threads(),
        "resident_mib": round(memory.rss / MEBIBYTE, 1),
        "own_mib": round(memory.uss / MEBIBYTE, 1),
        "processor_seconds": round(times.user + times.system, 2),
    }


def lines(result: Mapping[str, Any]) -> list[str]:
    """Describe a result."""
    pace, shares = result["pace"], result["shares"]
    return [*lines_of_pace(pace), *lines_of_first_sound(pace), *lines_of_shares(shares)]


def lines_of_first_sound(pace: Mapping[str, Any]) -> list[str]:
    """Describe when speech began, and what the processes took."""
    sound, made = pace["first_sound_seconds"], pace["first_sentence_made_seconds"]
    each = pace["memory_and_threads"][0]
    told = [
        f"{'asks the cluster' if child['asks_the_cluster'] else 'a worker'}: {child['threads']} "
        f"threads, {child['resident_mib']} MiB"
        for child in each["children"]
    ]
    return [
        f"first sound after {sound['all']} s, by process {sound['by_process']}",
        f"first sentence made after {made['all']} s, by process {made['by_process']}",
        f"a bot process: {each['bot']['threads']} threads, {each['bot']['resident_mib']} MiB; "
        + "; ".join(told),
    ]


def lines_of_shares(shares: Mapping[str, Any]) -> list[str]:
    """Describe what each server got of the actors."""
    return [
        f"{shares['servers_by_process']} servers to a process, {shares['sentences']} sentences in "
        f"{shares['seconds']} s of {shares['most_possible']} possible",
        f"a server got {shares['sentences_a_server_by_process']} by process, at least and at most "
        f"{shares['least_and_most_of_a_server']}; Jain's index {shares['jain']}, by processes it "
        f"would be {shares['jain_if_by_processes']}",
    ]
