"""Programs of two machines that are given the same shard."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config_sections import StorageSettings
from loopback import LoopbackDiscord
from tests.e2e.test_program import Program
from tests.servers.in_line import end_sessions, other_in_line
from tests.servers.postgres_server import PostgresServer
from tests.servers.whole.machines import SHARDS, START_SECONDS, connected, running_program

pytestmark = pytest.mark.timeout(400)


def machine(folder: Path, number: int, url: str) -> StorageSettings:
    return StorageSettings(directory=folder / f"machine-{number}", url=SecretStr(url))


async def ended(program: Program) -> str:
    """Wait until a program ends as one does that failed; return what it says of it."""
    async with asyncio.timeout(START_SECONDS):
        _, written = await program.process.communicate()
    log = written.decode()
    assert program.process.returncode == 1, log
    assert "Traceback" not in log
    (line,) = [line for line in log.splitlines() if line.startswith("error: ")]
    return line.removeprefix("error: ")


async def test_the_second_is_refused_until_the_first_was_killed(
    postgres_url: str, tmp_path: Path
) -> None:
    here, there = (machine(tmp_path, number, postgres_url) for number in (1, 2))
    async with (
        LoopbackDiscord(shards=SHARDS) as discord,
        running_program(discord, here, 0) as first,
    ):
        await connected(here, first)
        async with running_program(discord, there, 0) as second:
            assert "which may be of a machine that is gone" in await second.line("I wait for")
            told = await ended(second)
        who = f"process {first.process.pid} of {socket.gethostname()}; in PostgreSQL session "
        assert f"already, for the shards 0/{SHARDS} ({who}" in told
        assert f"Give this one others than 0/{SHARDS} in discord.shards" in told
        assert discord.gateway.identified == 1
        first.process.kill()
        async with running_program(discord, there, 0) as third:
            await connected(there, third)
            code, log = await third.end(signal.SIGTERM)
            assert code == 0, log
            assert "I wait for" not in log


async def test_one_whose_shard_another_took_while_postgresql_was_away_ends(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    here = machine(tmp_path, 1, postgres_url)
    async with (
        LoopbackDiscord(shards=SHARDS) as discord,
        running_program(discord, here, 0) as program,
    ):
        await connected(here, program)
        async with other_in_line(postgres_url):
            await end_sessions(postgres)
            told = await ended(program)
    assert "The bot runs on postgresql://127.0.0.1" in told
    assert "(another process; in PostgreSQL session " in told


async def test_another_application_on_the_database_is_refused(
    postgres_url: str, tmp_path: Path
) -> None:
    here, there = (machine(tmp_path, number, postgres_url) for number in (1, 2))
    async with (
        LoopbackDiscord(shards=SHARDS) as discord,
        LoopbackDiscord(shards=SHARDS) as another,
        running_program(discord, here, 0) as first,
    ):
        await connected(here, first)
        async with running_program(another, there, 1) as second:
            told = await ended(second)
        assert f"Another bot, of application {discord.world.bot.id}, runs on postgresql://" in told
        assert another.gateway.identified == 0
