"""The real program as a process of its own: how it ends, and how it says what is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from loopback import LoopbackDiscord, wait_until
from tests.e2e.live import Call, add_operator_voice

pytestmark = pytest.mark.asyncio(loop_scope="package")

SENTENCE = "The rain had stopped before morning."
END_SECONDS = 10.0
START_SECONDS = 40.0


@pytest_asyncio.fixture(loop_scope="package")
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord:
        yield discord
        discord.assert_clean()


@dataclass
class Program:
    """`mynah run`, told everything by its environment."""

    process: Process

    async def line(self, text: str) -> str:
        """Return the next line of the log that holds `text`."""
        assert self.process.stderr is not None
        async with asyncio.timeout(START_SECONDS):
            while line := (await self.process.stderr.readline()).decode():
                if text in line:
                    return line
        raise EOFError(f"the program ended without {text!r}")

    async def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Send a signal, if any; return the exit code and the rest of the log."""
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(START_SECONDS):
            _, log = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, log.decode()


@asynccontextmanager
async def running(data: Path, environment: dict[str, str]) -> AsyncIterator[Program]:
    directory = {"MYNAH_STORAGE__DIRECTORY": str(data), "MYNAH_ENGINE__KIND": "piper"}
    if "PYTHONPATH" in os.environ:  # where these tests are not of the checkout that is installed
        directory["PYTHONPATH"] = os.environ["PYTHONPATH"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run",
        cwd=data, env={**directory, **environment}, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@dataclass
class End:
    """What a signal in mid-sentence led to."""

    code: int
    seconds: float
    log: str
    call: Call
    audible_before: int


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="package",
    params=[signal.SIGTERM, signal.SIGINT],
    ids=lambda number: number.name,
)
async def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> End:
    data = tmp_path_factory.mktemp("data")
    await add_operator_voice(data)
    async with LoopbackDiscord() as loopback:
        ending = await end_in_mid_sentence(data, loopback, request.param)
        loopback.assert_clean()
    return ending


async def end_in_mid_sentence(data: Path, loopback: LoopbackDiscord, number: signal.Signals) -> End:
    guild = loopback.add_guild()
    ada = loopback.add_person(guild, "Ada")
    call = Call(loopback, guild, ada, await ada.join_voice())
    async with running(data, loopback.env()) as program:
        await program.line("engine loaded")
        await loopback.gateway.wait_ready(within=START_SECONDS)
        call.say(SENTENCE)
        await call.listener.until_heard(10, START_SECONDS)
        family = psutil.Process(program.process.pid).children(recursive=True)
        assert family, "the workers run"
        begin, audible = time.monotonic(), len(call.listener.audible)
        code, log = await program.end(number)
        seconds = time.monotonic() - begin
        await wait_until(lambda: not any(map(alive, family)), 3, "the end of all children")
        return End(code, seconds, log, call, audible)


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that ended may stay a zombie where nobody reaps orphans."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_signal_in_mid_sentence_ends_the_program_and_its_children(end: End) -> None:
    assert end.code == 0, end.log
    assert end.seconds < END_SECONDS
    assert "Traceback" not in end.log


async def test_at_a_signal_the_sentence_is_heard_to_its_end_before_the_bot_leaves(end: End) -> None:
    assert len(end.call.listener.audible) > end.audible_before + 25
    assert not end.call.bot_is_there


async def test_a_wrong_token_is_one_line_and_wrong_use(
    loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    environment = {**loopback.env(), "DISCORD_TOKEN": "wrong"}
    async with running(tmp_path, environment) as program:
        code, log = await program.end()
    assert code == 2
    (line,) = [line for line in log.splitlines() if line.startswith("error:")]
    assert "Discord does not accept the token." in line
    assert "Traceback" not in log


async def test_no_token_is_wrong_use_with_where_to_get_one(tmp_path: Path) -> None:
    async with running(tmp_path, {}) as program:
        code, log = await program.end()
    assert code == 2
    assert log.startswith("error: There is no Discord token. Make an application at https://")
    assert "Traceback" not in log


@pytest.mark.parametrize("library", ["davey", "nacl"])
async def test_a_missing_library_for_voice_is_one_line_and_wrong_use(
    tmp_path: Path, library: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f'import sys\nsys.modules["{library}"] = None\n')
    environment = {"DISCORD_TOKEN": "token", "PYTHONPATH": str(tmp_path)}
    async with running(tmp_path, environment) as program:
        code, log = await program.end()
    assert code == 2
    (line,) = log.splitlines()
    assert line.startswith(f"error: Voice channels need {library}, which is not installed.")


async def test_a_network_that_is_down_is_one_line_a_try_and_no_reason_to_end(
    tmp_path: Path,
) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # nobody listens there
        proxy = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        environment = {"DISCORD_TOKEN": "token", "MYNAH_DISCORD__PROXY": proxy}
        async with running(tmp_path, environment) as program:
            assert "retry_seconds=1.0" in await program.line("Discord cannot be reached")
            assert "retry_seconds=2.0" in await program.line("Discord cannot be reached")
            code, log = await program.end(signal.SIGTERM)
    assert code == 0, log
    assert "Traceback" not in log


async def test_the_bot_comes_online_once_an_unreachable_gateway_can_be_reached(
    loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    loopback.add_guild()
    loopback.cut_off("gateway.discord.gg")
    async with running(tmp_path, loopback.env()) as program:
        first = await program.line("502")
        loopback.cut_off("gateway.discord.gg", again=True)
        await loopback.gateway.wait_ready(within=START_SECONDS)
        code, log = await program.end(signal.SIGTERM)
    assert code == 0, log
    assert "Traceback" not in first + log
