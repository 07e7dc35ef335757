"""Starting and stopping, the proxy for subprocesses, and what stays behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from pathlib import Path

import aiohttp
import davey
import discord
import numpy as np
import pytest

from loopback import (
    Guild,
    LoopbackDiscord,
    Person,
    best_correlation,
    decode_opus,
    encode_opus,
    wait_until,
)
from loopback.dave_member import displayable_code
from loopback.mls import ExternalSender, Group
from tests.loopback.bare_bot import BareBot, WakefulClient

_PROGRAM = """
import asyncio, os, discord
async def main():
    client = discord.Client(
        intents=discord.Intents(guilds=True), proxy=os.environ["MYNAH_DISCORD__PROXY"]
    )
    @client.event
    async def on_guild_available(guild):
        print(guild.name, flush=True)
        await client.close()
    @client.event
    async def on_ready():
        print(client.guilds[0].name, flush=True)
        await client.close()
    await client.start(os.environ["DISCORD_TOKEN"])
asyncio.run(main())
"""


async def test_subprocess_reaches_it_by_environment_alone(
    loopback: LoopbackDiscord, guild: Guild
) -> None:
    environment = {"PATH": os.environ["PATH"], **loopback.env()}
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(program.communicate(), 20)
    assert output.decode().splitlines()[0] == guild.name


@pytest.mark.parametrize("way", ["connector", "proxy"])
async def test_other_hosts_are_refused_and_reported(way: str) -> None:
    async with LoopbackDiscord() as loopback:
        connector = loopback.connector() if way == "connector" else None
        proxy = loopback.proxy_url if way == "proxy" else None
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get("https://example.org/", proxy=proxy)
        assert [violation.kind for violation in loopback.violations] == ["foreign host"]


async def test_nothing_stays_behind() -> None:
    await full_run()  # the first run imports and caches
    gc.collect()
    before = counts()
    await full_run()
    gc.collect()
    # Threads of discord.py end a moment after it says so.
    await wait_until(lambda: counts() <= before, 5, f"the end of all but {before}")


async def full_run() -> None:
    async with LoopbackDiscord() as loopback:
        guild = loopback.add_guild()
        ada = loopback.add_person(guild, "Ada")
        bot = BareBot(connector=loopback.connector())
        await bot.run_against(loopback)
        await ada.join_voice()
        channel = bot.get_channel(guild.voice.id)
        assert isinstance(channel, discord.VoiceChannel)
        await channel.connect(cls=WakefulClient)
        await loopback.voice.wait_settled(guild)
        await ada.slash("shout", text="hey").followed_up()
        await bot.end()
    await asyncio.sleep(0)


def counts() -> set[str]:
    """Return the tasks, threads and open files there are, numbered so that sets compare."""
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    files = len(list(Path("/dev/fd").iterdir()))
    kinds = {"task": tasks, "thread": threads, "file": files}
    return {f"{kind} {number}" for kind, count in kinds.items() for number in range(count)}


async def test_stop_does_not_need_the_bot_to_leave_first() -> None:
    async with LoopbackDiscord() as loopback:
        guild = loopback.add_guild()
        bot = BareBot(connector=loopback.connector())
        await bot.run_against(loopback)
        Person(loopback, guild, guild.members[guild.owner_id])
    await bot.close()


def test_displayable_code_is_the_one_that_davey_shows() -> None:
    authenticator = bytes(range(100, 132))
    shown = davey.generate_displayable_code(authenticator, 30, 5)
    assert displayable_code(authenticator) == shown.replace(" ", "")


def test_newcomer_takes_the_leftmost_blank_leaf() -> None:
    group = Group(1, ExternalSender())
    group.found(10)
    group.commit([], [11, 12])
    group.commit([11], [])
    group.commit([], [13, 14])
    assert group.members == [10, 13, 12, 14]
    assert group.epoch == 3


def test_correlation_allows_for_the_delay_of_the_codec() -> None:
    sound = np.asarray(0.3 * np.sin(np.arange(48_000) ** 1.5 / 500), np.float32)
    assert best_correlation(sound, decode_opus(encode_opus(sound))) > 0.99


def test_correlation_finds_the_shift_and_tells_noise_apart() -> None:
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(4800).astype(np.float32)
    later = np.concatenate([np.zeros(700, np.float32), 0.3 * sound, np.zeros(99, np.float32)])
    assert best_correlation(sound, later) > 0.999
    assert best_correlation(sound, rng.standard_normal(9600).astype(np.float32)) < 0.2
