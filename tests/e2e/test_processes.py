"""Two processes of one bot, real programs on one data directory, each with shards of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from loopback import LoopbackDiscord, wait_until
from storage.types import NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.cli.conftest import environment_of
from tests.e2e.live import Call, add_operator_voice
from tests.e2e.test_program import START_SECONDS, Program, running
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

ONLINE = "connected to Discord"
IDENTIFY_SECONDS = 5.0


@dataclass
class Both:
    """The processes of shard 0 and of shard 1, and a call of each."""

    discord: LoopbackDiscord
    data: Path
    programs: tuple[Program, Program]
    calls: tuple[Call, Call]

    async def mynah(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot", *arguments],
            env=environment_of(self.data, **environment), cwd=self.data,
            capture_output=True, text=True, check=False, timeout=START_SECONDS,
        )  # fmt: skip


def shard(number: int) -> dict[str, str]:
    return {"MYNAH_DISCORD__SHARDS": f"{number}/2"}


async def guild_of(discord: LoopbackDiscord, number: int) -> Call:
    """Make guilds, whose ids are of the time, until one is the shard's; others have nobody."""
    while ((guild := discord.add_guild()).id >> 22) % 2 != number:
        await asyncio.sleep(0.0005)
    ada = discord.add_person(guild, "Ada")
    return Call(discord, guild, ada, await ada.join_voice())


async def store_voices(data: Path, calls: tuple[Call, Call]) -> None:
    await add_operator_voice(data)
    async with VoiceStore.open(data) as store:
        for call in calls:
            clip = ReferenceClip(speech_samples(5))
            await store.add(NewVoice(call.guild.id, "Ben", owner_id=call.ada.id), clip)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    data = tmp_path_factory.mktemp("data")
    async with LoopbackDiscord(shards=2) as discord:
        discord.gateway.identify_seconds = IDENTIFY_SECONDS
        calls = (await guild_of(discord, 0), await guild_of(discord, 1))
        await store_voices(data, calls)
        async with (
            running(data, discord.env() | shard(0)) as first,
            running(data, discord.env() | shard(1)) as second,
        ):
            await asyncio.gather(first.line(ONLINE), second.line(ONLINE))
            yield Both(discord, data, (first, second), calls)
            logs = await asyncio.gather(first.end(signal.SIGTERM), second.end(signal.SIGTERM))
        for code, log in logs:
            assert code == 0, log
            assert "Traceback" not in log
        discord.assert_clean()


async def test_no_shard_identifies_too_early(both: Both) -> None:
    gateway = both.discord.gateway
    assert (gateway.identified, gateway.identified_too_early) == (2, 0)


async def test_commands_are_told_to_discord_by_one_of_them(both: Both) -> None:
    told = [r for r in both.discord.requests if r.method == "PUT" and r.path.endswith("/commands")]
    assert len(told) == 1


async def test_each_server_is_heard_by_its_process(both: Both) -> None:
    for call in both.calls:
        answered = await call.say("The rain had stopped before morning.").answered()
        assert "speaks as" in answered.content
        await call.heard_to_the_end(START_SECONDS)


async def test_a_server_of_the_other_process_is_not_one_that_the_bot_left(both: Both) -> None:
    async with VoiceStore.open(both.data) as store:
        assert await store.database.read("SELECT * FROM departures") == []


async def test_what_one_stores_the_other_can_use_at_once(both: Both) -> None:
    call = both.calls[1]
    async with VoiceStore.open(both.data) as store:
        clip = ReferenceClip(speech_samples(4))
        await store.add(NewVoice(call.guild.id, "Cleo", owner_id=call.ada.id), clip)
    assert "speaks as" in (await call.say("Good morning.", "Cleo").answered()).content


async def test_the_status_of_both_is_shown(both: Both) -> None:
    shown = await both.mynah("status", "--json")
    document: dict[str, Any] = json.loads(shown.stdout)
    assert [each["shards"] for each in document["processes"]] == ["0/2", "1/2"]
    pids = [program.process.pid for program in both.programs]
    assert [each["pid"] for each in document["processes"]] == pids


@pytest.mark.parametrize("shards", ["auto", "1/2", "0-3/4"])
async def test_a_second_process_of_a_shard_is_refused_in_one_line(both: Both, shards: str) -> None:
    environment = both.discord.env() | {"MYNAH_DISCORD__SHARDS": shards}
    refused = await both.mynah("run", **environment)
    assert refused.returncode == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("error:")]
    assert f"The bot runs on {both.data} already" in line
    assert f"(process {both.programs[shards == '1/2'].process.pid})" in line
    assert "Traceback" not in refused.stderr


async def test_other_commands_work_beside_both(both: Both) -> None:
    listed = await both.mynah("voices", "--json")
    assert listed.returncode == 0, listed.stderr


async def test_one_that_was_killed_can_be_started_again_at_once(tmp_path: Path) -> None:
    async with LoopbackDiscord(shards=2) as discord:
        async with running(tmp_path, discord.env() | shard(1)) as killed:
            await killed.line(ONLINE)
            await killed.end(signal.SIGKILL)
        await wait_until(lambda: not _connected(discord), 10, "the end of its connection")
        async with running(tmp_path, discord.env() | shard(1)) as program:
            await program.line(ONLINE)
            code, log = await program.end(signal.SIGTERM)
    assert code == 0, log


def _connected(discord: LoopbackDiscord) -> bool:
    return any(session.connection for session in discord.gateway.sessions.values())
