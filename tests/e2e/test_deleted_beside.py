"""`mynah voices delete` beside the running bot: what is to be said in the voice is dropped."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from loopback import LoopbackDiscord
from storage.types import NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.cli.conftest import environment_of
from tests.e2e.live import Call, add_operator_voice, content
from tests.e2e.test_program import START_SECONDS, running
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "The rain had stopped before morning, and the road to the harbour was still wet. " * 5
TOLD = "\nThe voice was deleted, so nothing more is said in it."


@dataclass
class Beside:
    """A running bot, and its data directory."""

    call: Call
    data: Path

    async def mynah(self, *arguments: str) -> str:
        """Run a command of the program in a process of its own, as an operator does."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bot", *arguments],
            env=environment_of(self.data), cwd=self.data,
            capture_output=True, text=True, check=True, timeout=START_SECONDS,
        )  # fmt: skip
        return done.stdout


@pytest_asyncio.fixture(loop_scope="package")
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    await add_operator_voice(tmp_path)
    async with LoopbackDiscord() as discord:
        guild = discord.add_guild()
        ada = discord.add_person(guild, "Ada")
        call = Call(discord, guild, ada, await ada.join_voice())
        async with VoiceStore.open(tmp_path) as store:
            clip = ReferenceClip(speech_samples(5))
            await store.add(NewVoice(guild.id, "Ben", owner_id=ada.id, pitch_hz=120.0), clip)
        async with running(tmp_path, discord.env()) as program:
            await program.line("engine loaded")
            await discord.gateway.wait_ready(within=START_SECONDS)
            yield Beside(call, tmp_path)
            code, log = await program.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        discord.assert_clean()


async def test_texts_in_a_voice_that_another_process_deletes_are_dropped_and_their_askers_told(
    beside: Beside,
) -> None:
    call, guild = beside.call, str(beside.call.guild.id)
    speaking = await call.say(LONG, "Ben").answered()
    waiting = await call.say("This waits.", "Ben").answered()
    others = await call.say("This is another's.").answered()
    await call.listener.until_heard(10, START_SECONDS)
    assert "is deleted" in await beside.mynah("voices", "delete", "Ben", "--guild", guild, "--yes")
    await content(waiting, TOLD, START_SECONDS)
    await content(speaking, TOLD, START_SECONDS)
    await content(others, "\nSaid.", START_SECONDS)
    refused = await call.say("Once more.", "Ben").answered()
    assert "There is no voice named “Ben”" in refused.content
