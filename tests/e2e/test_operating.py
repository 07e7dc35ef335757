"""The operator's view of the real program: its log, figures, status, and its service manager."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import pytest_asyncio

from bot.operations.messages import known_texts
from loopback import LoopbackDiscord
from tests.e2e.live import Call, add_operator_voice
from tests.e2e.test_program import START_SECONDS, Program, running
from tests.operations.schema import faults

pytestmark = pytest.mark.asyncio(loop_scope="package")

SENTENCE = "The rain had stopped before morning."


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Seen:
    """What was seen of a program, from its start to its end."""

    log: list[dict[str, Any]] = field(default_factory=list)
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)  # to the service manager
    status: dict[str, Any] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    environments: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    data, seen, port = tmp_path_factory.mktemp("data"), Seen(), free_port()
    await add_operator_voice(data)
    address = str(tmp_path_factory.mktemp("manager") / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.setblocking(False)
        async with LoopbackDiscord() as discord:
            environment = {
                **discord.env(),
                "NOTIFY_SOCKET": address,
                "WATCHDOG_USEC": "2000000",
                "MYNAH_LOGGING__FORMAT": "json",
                "MYNAH_METRICS__ENABLED": "true",
                "MYNAH_METRICS__PORT": str(port),
            }
            # All along, because a socket holds few datagrams: ten, on some machines.
            told = asyncio.create_task(listen(manager, seen))
            async with running(data, environment) as program:
                await look(program, discord, data, port, seen)
            told.cancel()
            await asyncio.wait([told])
    seen.left = sorted(path.name for path in data.iterdir())
    return seen


async def look(
    program: Program, discord: LoopbackDiscord, data: Path, port: int, seen: Seen
) -> None:
    reading = asyncio.create_task(read(program, seen))
    try:
        await visit(program, discord, data, port, seen)
    finally:
        program.process.send_signal(signal.SIGTERM)
        await reading
    seen.codes["program"] = await program.process.wait()
    seen.codes["ended"], _ = await status(data)


async def visit(
    program: Program, discord: LoopbackDiscord, data: Path, port: int, seen: Seen
) -> None:
    await discord.gateway.wait_ready(within=START_SECONDS)
    guild = discord.add_guild()
    ada = discord.add_person(guild, "Ada")
    call = Call(discord, guild, ada, await ada.join_voice())
    call.say(SENTENCE)
    await call.heard_to_the_end(within=2 * START_SECONDS)
    async with aiohttp.ClientSession() as session:
        for path in ("healthz", "readyz", "metrics", "status"):
            async with session.get(f"http://127.0.0.1:{port}/{path}") as response:
                seen.pages[path] = response.status, await response.text()
    code, out = await status(data)
    seen.codes["running"], seen.status = code, json.loads(out)
    children = psutil.Process(program.process.pid).children(recursive=True)
    seen.environments = [Path(f"/proc/{child.pid}/environ").read_text() for child in children]


async def read(program: Program, seen: Seen) -> None:
    assert program.process.stderr is not None
    while line := await program.process.stderr.readline():
        seen.log.append(json.loads(line))


async def status(data: Path) -> tuple[int, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "status", "--json", stdout=PIPE,
        env={**kept, "MYNAH_STORAGE__DIRECTORY": str(data)},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def listen(manager: socket.socket, seen: Seen) -> None:
    while True:
        said = await asyncio.get_running_loop().sock_recv(manager, 4096)
        seen.told += said.decode().split("\n")


async def test_every_line_of_the_log_has_the_form(seen: Seen) -> None:
    assert len(seen.log) > 5
    assert [(line, found) for line in seen.log if (found := faults(line))] == []


async def test_every_line_of_ours_is_explained(seen: Seen) -> None:
    ours = {
        line["event"]
        for line in seen.log
        if line["logger"].startswith(("bot.", "cogs.", "storage."))
    }
    assert ours - known_texts() == set()


async def test_the_utterance_is_a_line_with_its_stages(seen: Seen) -> None:
    (line,) = (line for line in seen.log if line["event"] == "utterance")
    assert (line["end"], line["rank"], line["sentences"]) == ("played", "say", 1)
    assert line["first_packet_seconds"] > 0
    assert line["synthesis_seconds"] > 0
    assert SENTENCE not in json.dumps(seen.log)


async def test_figures_and_health_are_told(seen: Seen) -> None:
    assert {path: code for path, (code, _) in seen.pages.items()} == dict.fromkeys(
        ("healthz", "readyz", "metrics", "status"), 200
    )
    page = seen.pages["metrics"][1]
    assert 'mynah_utterances_total{end="played",rank="say"} 1.0' in page
    assert 'mynah_sentences_total{result="spoken"} 1.0' in page
    for process in ("bot", "engine worker", "media worker"):
        assert f'mynah_resident_memory_bytes{{process="{process}"}}' in page


async def test_status_shows_the_bot_and_then_that_there_is_none(seen: Seen) -> None:
    assert (seen.status["ready"], seen.status["servers"]) == (True, 1)
    assert seen.status["voice"]["connections"] == 1
    assert seen.codes == {"running": 0, "program": 0, "ended": 1}
    assert "mynah.sock" not in seen.left


async def test_the_service_manager_is_told_everything_in_order(seen: Seen) -> None:
    told = [line for line in seen.told if line.endswith("=1")]
    assert told.count("READY=1") == told.count("STOPPING=1") == 1
    assert told.index("READY=1") < told.index("STOPPING=1")
    assert told.count("WATCHDOG=1") > 3
    assert any("1 voice channels, engine piper ready" in line for line in seen.told)


async def test_children_cannot_speak_in_the_bots_name(seen: Seen) -> None:
    assert seen.environments
    assert not [text for text in seen.environments if "NOTIFY_SOCKET" in text]
