"""Two machines of one bot: programs of other shards with a data directory each, on one store."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.app import open_store
from bot.cli.status import NotRunningError, ask_all
from bot.config import Settings
from bot.config_sections import StorageSettings
from loopback import LoopbackDiscord
from storage.audit_check import verify
from storage.objects.bucket import Bucket
from storage.voices import VoiceStore
from tests.e2e.live import Call
from tests.e2e.test_program import Program
from tests.servers.places import place
from tests.servers.postgres_server import PostgresServer, running_server
from tests.servers.s3 import Weather, faulty, s3_server

SHARDS = 2
START_SECONDS = 90.0
DOUBLE = "tests.servers.whole.reading_program"
ROOT = Path(__file__).parents[3]


@dataclass
class Machine:
    """A data directory, the program that runs on it, and a guild of its shard with Ada in it."""

    storage: StorageSettings
    environment: dict[str, str]
    program: Program
    call: Call

    async def mynah(self, *arguments: str) -> str:
        """Run a command of the program, as an operator of this machine does."""
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "bot", *arguments], env=self.environment,
            cwd=self.storage.directory, capture_output=True, text=True, timeout=START_SECONDS,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fetched(self) -> list[Path]:
        """Return the files that were fetched of recordings."""
        return list(self.storage.directory.glob("clips-cache-*/*"))


@dataclass
class Machines:
    """What runs. store: the same store, opened by this process; bucket: past the proxy."""

    discord: LoopbackDiscord
    postgres: PostgresServer
    weather: Weather
    bucket: Bucket
    store: VoiceStore
    first: Machine
    second: Machine

    def objects(self) -> set[str]:
        """Return the names of all objects, also of those that no voice has."""
        return {name for folder in ("clips", "lost") for name in self.bucket.list(folder)}

    async def trail(self, guild_id: int) -> list[str]:
        """Return the kinds of a guild's audited events, after it was seen that they are whole."""
        assert await verify(self.store.database, guild_id) == []
        sql = "SELECT kind FROM audit WHERE guild_id = ? ORDER BY number"
        return [row[0] for row in await self.store.database.read(sql, (guild_id,))]


@asynccontextmanager
async def open_machines(folder: Path) -> AsyncIterator[Machines]:
    """Start servers and programs; see that all end well."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_server())
        s3 = stack.enter_context(s3_server())
        proxy, weather = stack.enter_context(faulty(s3))
        url = await postgres.create("whole")
        address = s3.address(endpoint=proxy)
        bucket = Bucket(s3.address_of(address.bucket))
        discord = await stack.enter_async_context(LoopbackDiscord(shards=SHARDS))
        places = [place(folder / f"machine-{n}", url, address) for n in range(SHARDS + 1)]
        store = await stack.enter_async_context(open_store(Settings(storage=places[-1])))
        calls = await _calls(discord)
        machines = [
            await stack.enter_async_context(_machine(discord, places[n], n, calls[n]))
            for n in range(SHARDS)
        ]
        await asyncio.gather(*(connected(each.storage, each.program) for each in machines))
        yield Machines(discord, postgres, weather, bucket, store, *machines)
        await asyncio.gather(*(_end(machine) for machine in machines))
        discord.assert_clean()


async def _calls(discord: LoopbackDiscord) -> list[Call]:
    """Make a guild of each shard, with an Ada of its own."""
    guilds = []
    for shard in range(SHARDS):
        while ((guild := discord.add_guild()).id >> 22) % SHARDS != shard:
            del discord.world.guilds[guild.id]  # no bot has heard of it yet
            await asyncio.sleep(0.0005)
        guilds.append(guild)
    people = [discord.add_person(guild, "Ada") for guild in guilds]
    return [Call(discord, p.guild, p, await p.join_voice()) for p in people]


@asynccontextmanager
async def _machine(
    discord: LoopbackDiscord, storage: StorageSettings, shard: int, call: Call
) -> AsyncIterator[Machine]:
    async with running_program(discord, storage, shard) as program:
        yield Machine(storage, _environment(storage), program, call)


@asynccontextmanager
async def running_program(
    discord: LoopbackDiscord, storage: StorageSettings, shard: int
) -> AsyncIterator[Program]:
    """Start a program of one shard on a data directory, which is made if it is missing."""
    storage.directory.mkdir(exist_ok=True)
    own = {**discord.env(), "MYNAH_DISCORD__SHARDS": f"{shard}-{shard}/{SHARDS}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", DOUBLE, "run",
        cwd=storage.directory, env={**_environment(storage), **own}, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment(storage: StorageSettings) -> dict[str, str]:
    secrets = {"url": storage.url, "clips_access_key": storage.clips_access_key,
               "clips_secret_key": storage.clips_secret_key}  # fmt: skip
    told = {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
    texts = {"directory": str(storage.directory), "clips": storage.clips,
             "clips_endpoint": storage.clips_endpoint,
             "clips_region": storage.clips_region}  # fmt: skip
    told |= {name: text for name, text in texts.items() if text}
    others = {k: v for k, v in os.environ.items() if not k.startswith("MYNAH_")}
    settings = {f"MYNAH_STORAGE__{name.upper()}": value for name, value in told.items()}
    return {**others, **settings, "MYNAH_ENGINE__KIND": "piper", "PYTHONPATH": str(ROOT)}


async def connected(storage: StorageSettings, program: Program) -> None:
    """Wait until a program says that it knows its guilds."""
    ask = partial(ask_all, storage.directory)
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                if all(told.get("connected") for told in await asyncio.to_thread(ask)):
                    return
            except NotRunningError:
                assert program.process.returncode is None, await program.end()
            await asyncio.sleep(0.2)


async def _end(machine: Machine) -> None:
    code, log = await machine.program.end(signal.SIGTERM)
    assert code == 0, log
    assert "Traceback" not in log, log
