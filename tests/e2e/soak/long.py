"""The real program, used and troubled for minutes or hours, and looked at every second or so."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
from argparse import Namespace
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from loopback import LoopbackDiscord, Upload, wait_until
from tests.e2e.live import add_operator_voice
from tests.e2e.soak.expected import EXPECTED, unexpected
from tests.e2e.soak.members import PATIENCE_SECONDS, Members, Server
from tests.e2e.soak.picture import draw
from tests.e2e.soak.series import Watch, most_growth
from tests.e2e.soak.troubles import Troubles
from tests.endurance import Outcome, progress
from tests.samples import encode, speech_samples

SERVERS, SPEAKERS = 6, 4
A_MINUTE = {"utterance": 10_000 / 120, "connect": 1_000 / 120, "enrolment": 500 / 120}
"""So that two hours have 10,000, 1,000 and 500."""

TROUBLE_SECONDS = 6.0
KILLS_A_MINUTE = 0.1
START_SECONDS = 120.0
MOST_LOST = 0.005
"""Of what was asked for. The answer that tells the end may meet a fault itself."""


def plan(minutes: float, chance: random.Random) -> list[tuple[float, str]]:
    """Return moments (s) and kinds, in order."""
    seconds = minutes * 60
    wishes = [
        (chance.uniform(0, seconds), kind)
        for kind, rate in A_MINUTE.items()
        for _ in range(round(rate * minutes))
    ]
    return sorted(wishes)


@asynccontextmanager
async def running(folder: Path, discord: LoopbackDiscord) -> AsyncIterator[tuple[Process, Path]]:
    """Run the program; yield it and its log."""
    log, tasks = folder / "log.jsonl", folder / "tasks.json"
    environment = {
        **os.environ,
        **discord.env(),
        "MYNAH_STORAGE__DIRECTORY": str(folder / "data"),
        "MYNAH_ENGINE__KIND": "piper",
        "MYNAH_LOGGING__FORMAT": "json",
        "MYNAH_LIMITS__QUEUE_PER_MEMBER": "20",  # few members speak for many
        "TMPDIR": str(folder),
    }
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.e2e.soak.subject", str(tasks), "run",
            env=environment, stdin=DEVNULL, stdout=PIPE, stderr=file,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), 60)


async def soak(folder: Path, options: Namespace) -> dict[str, Any]:
    """Return what became of everything."""
    chance = random.Random(options.seed)
    await add_operator_voice(folder / "data")
    async with LoopbackDiscord() as discord:
        discord.voice.settings.count_only = True
        servers = [await _server(discord) for _ in range(SERVERS)]
        async with running(folder, discord) as (process, log):
            await discord.gateway.wait_ready(within=START_SECONDS)
            await wait_until(lambda: b"engine loaded" in log.read_bytes(), START_SECONDS, "engine")
            watch = Watch(process.pid, folder / "tasks.json")
            members = Members(discord, servers, _uploads(), chance)
            troubles = Troubles(discord, servers, watch, chance)
            await _go(options, discord, members, troubles, watch)
        code = process.returncode
        refused = Counter(violation.kind for violation in discord.violations)
    return _report(options, members, troubles, watch, log, code, refused)


async def _server(discord: LoopbackDiscord) -> Server:
    guild = discord.add_guild()
    owner = discord.owner(guild)
    speakers = [owner, *(discord.add_person(guild, f"Ada {n}") for n in range(SPEAKERS - 1))]
    for speaker in speakers:
        await speaker.join_voice()
    return Server(guild, owner, speakers)


async def _go(
    options: Namespace,
    discord: LoopbackDiscord,
    members: Members,
    troubles: Troubles,
    watch: Watch,
) -> None:
    seconds = options.minutes * 60
    kills = [seconds * (n + 1) / (options.kills + 1) for n in range(options.kills)]
    helpers = [
        asyncio.create_task(_look(watch, seconds)),
        asyncio.create_task(troubles.go_on(TROUBLE_SECONDS, kills)),
    ]
    try:
        await members.act(plan(options.minutes, random.Random(options.seed)))
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        discord.faults.clear()


async def _look(watch: Watch, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    start, every = loop.time(), max(1.0, seconds / 1_200)
    with progress(round(seconds), "soak") as done:
        while True:
            watch.look(loop.time() - start)
            await asyncio.sleep(every)
            done(round(every))


def _uploads() -> list[Upload]:
    samples = speech_samples(6)
    return [
        Upload("ada.m4a", encode(samples, 48_000, "ipod", "aac"), "audio/mp4"),
        Upload("ada.ogg", encode(samples, 48_000, "ogg", "libopus"), "audio/ogg"),
    ]


def _report(
    options: Namespace,
    members: Members,
    troubles: Troubles,
    watch: Watch,
    log: Path,
    code: int | None,
    refused: Counter[str],
) -> dict[str, Any]:
    series = list(watch.series.values())
    lines, strange = unexpected(log.read_text(errors="replace").splitlines())
    if options.picture is not None:
        draw(series, options.picture)
    most = most_growth(options.minutes)
    asked = members.outcomes.total()
    complaints = [complaint for each in series for complaint in each.complaints(most)]
    if len(members.lost) > MOST_LOST * asked + 1:
        complaints.append(f"{len(members.lost)} of {asked} came to no end")
    if code != 0:
        complaints.append(f"the program ended with {code}")
    complaints += [f"log: {line[:600]}" for line in strange[:30]]
    return {
        "minutes": options.minutes,
        "servers": SERVERS,
        "asked": asked,
        "outcomes": dict(members.outcomes.most_common()),
        "without_an_end": dict(Counter(members.lost)),
        "seconds_until_an_end": _quantiles(members.waits),
        "longer_than_patience": sum(wait > PATIENCE_SECONDS for wait in members.waits),
        "faults_ordered": dict(troubles.ordered.most_common()),
        "not_accepted_by_discord": dict(refused),
        "lines_above_info": {f"{key} ({EXPECTED[key]})": n for key, n in lines.items()},
        "unexpected_lines": len(strange),
        "most_growth_allowed": most_growth(options.minutes),
        "complaints": complaints,
        "processes": [each.to_json() for each in series],
    }


def _quantiles(waits: list[float]) -> dict[str, float]:
    ordered = sorted(waits) or [0.0]
    last = len(ordered) - 1
    return {str(q): round(ordered[round(q * last)], 1) for q in (0.5, 0.9, 0.99, 1.0)}


def main(options: Namespace) -> int:
    """Soak and report."""
    outcome = Outcome(options.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        found = asyncio.run(soak(Path(folder), options))
        if options.log is not None:
            options.log.write_bytes((Path(folder) / "log.jsonl").read_bytes())
    return outcome.tell(found, lost=bool(found["complaints"]), output=options.output)
