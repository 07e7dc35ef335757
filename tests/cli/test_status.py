"""`mynah status`: what people and programs are told of a bot that runs, and of none."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import __version__
from bot.condition import Condition
from bot.operations import control_socket
from bot.operations.health import Health
from bot.operations.readiness import ReadinessCheck
from bot.operations.server import application, serving
from bot.operations.status import Status
from bot.operations.vitals import DeviceReading, WorkerReading
from storage.shards import Shards, parse_shards
from tests.cli.conftest import Mynah
from tests.cli.test_json import documented
from tests.operations.standing import Standing

ERROR = {"at": "2026-01-01T00:00:00Z", "level": "error", "event": "engine failed", "error": "no"}


@contextmanager
def running(directory: Path, standing: Standing, shards: str = "auto") -> Iterator[None]:
    """A bot's socket, on an event loop of its own."""
    path = control_socket.socket_path(directory, parse_shards(shards))
    directory.mkdir(mode=0o700, exist_ok=True)
    started, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        health = Health()
        health.watch("engine", lambda: Condition("failing", "No memory.", last_error="x"))
        readiness = ReadinessCheck(standing, _spoken, loop.time)
        status = Status(standing, readiness, health, lambda: [ERROR], shards=shards)
        app = application(readiness, lambda: status.document(private=True), None)
        async with serving(app, control_socket.listening(path)):
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _spoken() -> None:
    pass


def test_a_bot_that_is_ready_is_shown(mynah: Mynah) -> None:
    worker = WorkerReading("engine worker", 4711, busy=True, restarts=2)
    devices = (
        DeviceReading("cuda:0", True, 8, 3, 40, 90.5, 120.0),
        DeviceReading("cuda:1", False, 8, 0, 0, 0.0, None),
    )
    with running(mynah.data, Standing(workers=(worker,), devices=devices)):
        outcome = mynah("status")
    assert outcome.code == 0, outcome.err
    for told in (
        f"Mynah {__version__}, ready",
        "connected, 7 servers",
        "in 2 channels, speaking in 1, 3 texts said or waiting",
        "500 sent, 5 late",
        "piper (joe) on cpu, ready; 1 of 4 slots at work, 2 sentences waiting",
        "ready; 3 of 8 slots at work, 40 sentences spoken, 120 letters/s",
        "not ready; 0 of 8 slots at work, 0 sentences spoken",
        "process 4711, busy, 2 restarts",
        "engine failing: No memory.",
        "error: engine failed: no",
    ):
        assert told in outcome.out


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing(connected=False), "not connected to Discord"),
        (Standing(ready=False), "the engine is not loaded"),
    ],
)
def test_one_that_is_not_ready_is_told_by_the_exit_code(
    mynah: Mynah, standing: Standing, reason: str
) -> None:
    with running(mynah.data, standing):
        outcome = mynah("status")
    assert (outcome.code, f"not ready: {reason}" in outcome.out) == (1, True)


def test_programs_get_the_documented_keys(mynah: Mynah) -> None:
    with running(mynah.data, Standing()):
        outcome = mynah("status", "--json")
    document = json.loads(outcome.out)
    assert (outcome.code, set(document)) == (0, documented("status"))
    assert document["health"]["parts"][0]["reason"] == "No memory."


def test_where_no_bot_runs_it_says_so(mynah: Mynah) -> None:
    outcome = mynah("status")
    assert outcome.code == 1
    assert "No bot runs on the data directory" in outcome.err
    document = json.loads(mynah("status", "--json").out)
    assert document["error"]["kind"] == "failed"


def test_the_version_is_told(mynah: Mynah) -> None:
    outcome = mynah("--version")
    assert outcome.code == 0
    assert re.search(rf"mynah.*{re.escape(__version__)}", outcome.out)


def test_every_process_of_one_bot_is_shown(mynah: Mynah) -> None:
    with running(mynah.data, Standing(), "0-1/4"), running(mynah.data, Standing(), "2-3/4"):
        outcome = mynah("status")
        document = json.loads(mynah("status", "--json").out)
    assert outcome.code == 0, outcome.err
    assert outcome.out.index("shards 0-1/4") < outcome.out.index("shards 2-3/4")
    assert outcome.out.count("connected, 7 servers") == 2
    assert document["ready"]
    assert [each["shards"] for each in document["processes"]] == ["0-1/4", "2-3/4"]


def test_all_processes_have_to_be_ready(mynah: Mynah) -> None:
    away = Standing(connected=False)
    with running(mynah.data, Standing(), "0/2"), running(mynah.data, away, "1/2"):
        assert mynah("status").code == 1


def test_a_process_that_was_killed_is_told(mynah: Mynah) -> None:
    with running(mynah.data, Standing(), "0/2"):
        killed = control_socket.socket_path(mynah.data, Shards((1,), 2))
        control_socket.listening(killed).close()
        outcome = mynah("status")
        document = json.loads(mynah("status", "--json").out)
    assert outcome.code == 1
    assert "connected, 7 servers" in outcome.out
    assert "not ready: No bot runs on the data directory" in outcome.out
    assert "for the shards from 1 on" in outcome.out
    assert not document["processes"][1]["answers"]


def test_a_process_can_be_asked_alone(mynah: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_DISCORD__SHARDS", "0/2")
    away = Standing(connected=False)
    with running(mynah.data, Standing(), "0/2"), running(mynah.data, away, "1/2"):
        assert mynah("status", "--own").code == 0
    assert "for the shards from 0 on" in mynah("status", "--own").err
