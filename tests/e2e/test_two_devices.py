"""The real program with an engine on each of two devices, one of which is killed in mid-text."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from loopback import LoopbackDiscord
from tests.e2e.live import VOICE, Call, add_operator_voice, content
from tests.e2e.test_program import START_SECONDS, running

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc"),
]

TEXT = "The first one. Here comes the second sentence. Then a third. The fourth is short. The end."
DEVICES = {"MYNAH_ENGINE__DEVICES": '["cpu", "cpu"]'}


async def packets_of(call: Call, killed: psutil.Process | None = None) -> int:
    """Have the text spoken, always alike; return how many packets with speech were heard."""
    before = len(call.listener.audible)
    answer = await call.ada.slash("say", text=TEXT, voice=VOICE, seed=14).answered()
    await call.listener.until_heard(before + 1, START_SECONDS)
    if killed is not None:
        killed.kill()
    await content(answer, "\nSaid.", START_SECONDS)
    await call.heard_to_the_end(since=before)
    return len(call.listener.audible) - before


async def test_a_text_is_heard_whole_when_one_of_two_engines_is_killed_in_mid_text(
    tmp_path: Path,
) -> None:
    await add_operator_voice(tmp_path)
    async with LoopbackDiscord() as loopback:
        guild = loopback.add_guild()
        ada = loopback.add_person(guild, "Ada")
        call = Call(loopback, guild, ada, await ada.join_voice())
        async with running(tmp_path, {**loopback.env(), **DEVICES}) as program:
            for _ in range(2):
                await program.line("engine loaded")
            await loopback.gateway.wait_ready(within=START_SECONDS)
            undisturbed = await packets_of(call)
            workers = {
                worker.cmdline()[-1]: worker
                for worker in psutil.Process(program.process.pid).children(recursive=True)
            }
            assert {"engine worker cpu 1", "engine worker cpu 2"} <= set(workers)
            assert await packets_of(call, killed=workers["engine worker cpu 1"]) == undisturbed
            await program.line("engine failed")
            await program.line("engine loaded")
            code, log = await program.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        loopback.assert_clean()
