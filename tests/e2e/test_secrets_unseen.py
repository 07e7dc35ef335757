"""Token, passwords and key are in no environment, argument, log, answer or figure."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from loopback import LoopbackDiscord, Upload, wait_until
from storage.key_file import new_key, write_keys
from tests.cli.conftest import environment_of
from tests.e2e.live import add_operator_voice

START_SECONDS = 60
PASSWORD = "pr0xy-passw0rd"
HUB_TOKEN = "hf_s3cretOfTheHub"


class Told:
    """The real program, told its secrets by files, and everything that it shows."""

    def __init__(self, process: Process, port: int) -> None:
        self.process, self.port = process, port
        self.places: dict[str, bytes] = {"log": b""}

    async def logged(self, text: bytes) -> None:
        assert self.process.stderr is not None
        async with asyncio.timeout(START_SECONDS):
            while text not in self.places["log"]:
                line = await self.process.stderr.readline()
                assert line, self.places["log"].decode()
                self.places["log"] += line

    def look_at_processes(self) -> None:
        bot = psutil.Process(self.process.pid)
        for process in [bot, *bot.children(recursive=True)]:
            folder = Path(f"/proc/{process.pid}")
            for name in ("cmdline", "environ"):
                self.places[f"{name} of {process.pid}"] = (folder / name).read_bytes()

    async def look_at_figures(self) -> None:
        async with aiohttp.ClientSession() as session:
            for path in ("metrics", "healthz", "readyz", "nowhere"):
                async with session.get(f"http://127.0.0.1:{self.port}/{path}") as answer:
                    self.places[path] = await answer.read()

    async def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.places["output"], rest = await self.process.communicate()
        self.places["log"] += rest


@asynccontextmanager
async def telling(folder: Path, discord: LoopbackDiscord, port: int) -> AsyncIterator[Told]:
    environment = discord.env()
    (folder / "token").write_text(environment.pop("DISCORD_TOKEN"))
    (folder / "token").chmod(0o600)
    proxy = environment.pop("MYNAH_DISCORD__PROXY").replace("://", f"://user:{PASSWORD}@")
    configuration = folder / "mynah.toml"
    configuration.write_text(
        f'[discord]\ntoken_file = "{folder / "token"}"\nproxy = "{proxy}"\n'
        f'[storage]\nkey_file = "{folder / "mynah.key"}"\n'
        f'[logging]\nlevel = "debug"\n[metrics]\nenabled = true\nport = {port}\n'
    )
    configuration.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "--config", str(configuration), "run",
        env=environment_of(
            folder / "data", **environment, HF_TOKEN=HUB_TOKEN, PYTHONPATH=os.pathsep.join(sys.path)
        ),
        stdout=PIPE, stderr=PIPE, cwd=folder, limit=2**24,
    )  # fmt: skip
    try:
        yield Told(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.timeout(180)
async def test_secrets_are_seen_nowhere(tmp_path: Path, unused_tcp_port: int) -> None:
    key = new_key()
    write_keys(tmp_path / "mynah.key", [key])
    await add_operator_voice(tmp_path / "data")
    async with LoopbackDiscord() as discord:
        guild = discord.add_guild()
        ada = discord.add_person(guild, "Ada")
        async with telling(tmp_path, discord, unused_tcp_port) as told:
            await told.logged(b"engine loaded")
            await discord.gateway.wait_ready(within=START_SECONDS)
            bot = psutil.Process(told.process.pid)
            await wait_until(lambda: len(bot.children()) == 2, START_SECONDS, "both workers")
            broken = Upload("a.wav", b"RIFF no sound", "audio/wav")
            asked = (
                ada.slash("help"),
                ada.slash("voice list"),
                ada.slash("enroll", name="Ada", sample=broken),
            )
            for number, interaction in enumerate(asked):
                answer = await interaction.answered(START_SECONDS)
                told.places[f"answer {number}"] = repr(answer).encode()
            told.look_at_processes()
            await told.look_at_figures()
            await told.end()
        secrets = {
            "token": [discord.token.encode()],
            "proxy": [PASSWORD.encode(), base64.b64encode(f"user:{PASSWORD}".encode())],
            "key": [key, base64.b64encode(key)[:-1], key.hex().encode()],
        }
    assert b"mynah" in told.places["metrics"]
    workers = {where: seen for where, seen in told.places.items() if str(bot.pid) not in where}
    found = [
        f"{name} in {where}"
        for where, seen in told.places.items()
        for name, spellings in secrets.items()
        if any(spelling in seen for spelling in spellings)
    ]
    found += [f"hub token in {where}" for where in workers if HUB_TOKEN.encode() in workers[where]]
    assert found == []
