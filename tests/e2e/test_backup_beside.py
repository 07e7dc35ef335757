"""Backup, restore and doctor beside the running bot, and after it ended."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loopback import LoopbackDiscord
from storage.voices import VoiceStore
from tests.cli.conftest import environment_of
from tests.e2e.live import add_operator_voice
from tests.e2e.test_program import START_SECONDS, running

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def mynah(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program in a process of its own, as an operator does."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", *arguments],
        env=environment_of(data), cwd=data.parent,
        capture_output=True, text=True, check=False, timeout=2 * START_SECONDS,
    )  # fmt: skip


@pytest.mark.timeout(400)  # seven processes, one after the other
async def test_a_running_bot_is_backed_up_and_restored_when_it_ended(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        async with running(data, discord.env()) as program:
            await discord.gateway.wait_ready(within=START_SECONDS)
            made = await mynah(data, "backup", "all.backup", "--json")
            looked = await mynah(data, "doctor", "--json")
            refused = await mynah(data, "restore", "all.backup", "--force")
            unrepaired = await mynah(data, "doctor", "--fix")
            code, log = await program.end(signal.SIGTERM)
        discord.assert_clean()
    assert code == 0, log
    assert (made.returncode, json.loads(made.stdout)["voices"]) == (0, 1)
    assert looked.returncode == 0, looked.stdout
    assert refused.returncode == unrepaired.returncode == 1
    assert "Stop it first" in refused.stderr
    assert "Stop it first" in unrepaired.stderr
    shutil.rmtree(data)
    restored = await mynah(data, "restore", "all.backup")
    assert restored.returncode == 0, restored.stderr
    async with VoiceStore.open(data) as store:
        [voice] = await store.list_voices(0)
        assert (await store.load_clip(voice)).seconds > 1
