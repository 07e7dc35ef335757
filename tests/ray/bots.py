"""`mynah run` on the loopback Discord, with engines of a cluster; and what an operator asks it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.cli.status import NotRunningError, ask_all
from loopback import LoopbackDiscord
from tests.e2e.live import Call, add_operator_voice
from tests.e2e.test_program import Program, running
from tests.ray.asking import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a program that is told its settings by it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("MYNAH_")}
    return {**others, "PYTHONPATH": str(ROOT), **settings}


def of_cluster(address: str, namespace: str, actors: int) -> dict[str, str]:
    """Return the settings of a bot with piper on each of a cluster's machines."""
    told = {"executor": "ray", "ray_address": address, "ray_namespace": namespace, "ray_gpus": "0",
            "ray_actors": str(actors), "kind": "piper"}  # fmt: skip
    return {f"MYNAH_ENGINE__{name.upper()}": value for name, value in told.items()}


@dataclass
class Bot:
    """A bot that runs, and a guild with Ada in it. log: its lines so far."""

    settings: dict[str, str]
    port: int
    program: Program
    call: Call
    log: list[str] = field(default_factory=list)

    def utterances(self) -> list[str]:
        """Return what the log says of each text that came to its end."""
        return [line for line in self.log if "utterance" in line]

    async def status(self) -> dict[str, Any]:
        """Return what it tells of itself; nothing before it answers."""
        directory = Path(self.settings["MYNAH_STORAGE__DIRECTORY"])
        try:
            (told,) = await asyncio.to_thread(ask_all, directory)
        except NotRunningError:
            assert self.program.process.returncode is None, "".join(self.log)
            return {}
        return told

    async def until_engines(self, number: int) -> dict[str, Any]:
        """Return its status when so many engines can speak."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                told = await self.status()
                if told.get("connected") and len(ready(told)) == number:
                    return told
                await asyncio.sleep(0.1)

    async def mynah(self, *arguments: str) -> tuple[int, str]:
        """Run a command as its operator does; return its exit code and what it printed."""
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "bot", *arguments],
            env=environment(self.settings), cwd=ROOT, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


def ready(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the engines that can speak, of a status."""
    return [device for device in status["engine"]["devices"] if device["ready"]]


@asynccontextmanager
async def open_bot(data: Path, settings: dict[str, str]) -> AsyncIterator[Bot]:
    """Run a bot, and see that it ends well."""
    await add_operator_voice(data)
    port = free_port()
    settings = settings | {"MYNAH_STORAGE__DIRECTORY": str(data), "MYNAH_METRICS__ENABLED": "true",
                           "MYNAH_METRICS__PORT": str(port)}  # fmt: skip
    async with LoopbackDiscord() as discord:
        guild = discord.add_guild()
        ada = discord.add_person(guild, "Ada")
        call = Call(discord, guild, ada, await ada.join_voice())
        async with running(data, environment(settings | discord.env())) as program:
            bot = Bot(settings, port, program, call)
            reading = asyncio.create_task(_read(bot))
            try:
                yield bot
                program.process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    assert await program.process.wait() == 0, "".join(bot.log)
            finally:
                if program.process.returncode is None:
                    program.process.kill()
                await reading
        assert not [line for line in bot.log if "Traceback" in line], "".join(bot.log)
        discord.assert_clean()


async def _read(bot: Bot) -> None:
    assert bot.program.process.stderr is not None
    async for line in bot.program.process.stderr:
        bot.log.append(line.decode())


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
