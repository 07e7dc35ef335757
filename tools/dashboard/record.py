"""A real bot in a Discord on this machine, spoken with by several servers, and recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from loopback import LoopbackDiscord
from tests.e2e.live import Call, add_operator_voice
from tests.e2e.test_program import running as running_bot
from tools.dashboard import prometheus

PORT = 19464
SERVERS = 4
TEXTS = (
    "Good morning, everyone.",
    "The rain had stopped before morning. It was cold, and nobody had slept.",
    "Yes.",
    "Shall we play another round? I have time until nine.",
    "The children built a castle from boxes and defended it all afternoon.",
)
SPAN = "span.json"
"""Beside the data: when the recording began and ended, in s since 1970."""


async def record(program: Path, data: Path, minutes: float) -> None:
    """Record for so many minutes. A worker is killed on the way, to be seen."""
    folder = Path(tempfile.mkdtemp(prefix="mynah-dashboard-"))
    await add_operator_voice(folder)
    metrics = {"MYNAH_METRICS__ENABLED": "true", "MYNAH_METRICS__PORT": str(PORT)}
    async with (
        LoopbackDiscord() as discord,
        running_bot(folder, {**discord.env(), **metrics}) as bot,
        prometheus.running(program, data, PORT),
    ):
        draining = asyncio.create_task(_drain(bot.process))
        await discord.gateway.wait_ready(within=60)
        begin, end = time.time(), time.time() + 60 * minutes
        calls = [asyncio.create_task(_talk(discord, n, end)) for n in range(SERVERS)]
        await asyncio.sleep(30 * minutes)
        _kill_engine(bot.process.pid)
        await asyncio.gather(*calls)
        span = json.dumps([begin, time.time()])
        await asyncio.to_thread((data / SPAN).write_text, span)
        await asyncio.sleep(2 * prometheus.SCRAPE_SECONDS)
        bot.process.send_signal(signal.SIGTERM)
        await draining


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        sys.stderr.write(line.decode())


async def _talk(discord: LoopbackDiscord, number: int, end: float) -> None:
    chance = random.Random(number)
    guild = discord.add_guild()
    ada = discord.add_person(guild, "Ada")
    call = Call(discord, guild, ada, await ada.join_voice())
    await asyncio.sleep(10 * number)
    while time.time() < end:
        call.say(chance.choice(TEXTS))
        with contextlib.suppress(TimeoutError):
            await call.heard_to_the_end(20, len(call.listener.packets))
        await asyncio.sleep(chance.uniform(1, 8))


def _kill_engine(pid: int) -> None:
    for child in psutil.Process(pid).children():
        if "engine worker" in child.cmdline():
            child.kill()
