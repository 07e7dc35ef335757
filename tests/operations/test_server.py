"""What is answered over HTTP, to real clients, at a port and at the socket."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.cli.status import NotRunningError, ask
from bot.condition import Condition
from bot.errors import EngineError
from bot.operations import control_socket
from bot.operations.health import Health
from bot.operations.metrics import Metrics
from bot.operations.readiness import ReadinessCheck
from bot.operations.server import Page, application, serving
from bot.operations.status import Status
from storage.layout import SOCKET_NAME
from tests.operations.standing import Standing


@asynccontextmanager
async def answering(
    standing: Standing | None = None, failure: Exception | None = None, page: Page | None = None
) -> AsyncIterator[str]:
    """Answer at a free port of this machine; yields the address."""
    app = application_of(standing or Standing(), failure, page)
    async with serving(app, ("127.0.0.1", 0)) as port:
        yield f"http://127.0.0.1:{port}"


def application_of(
    standing: Standing, failure: Exception | None = None, page: Page | None = None
) -> Any:
    async def probe() -> None:
        if failure is not None:
            raise failure

    readiness = ReadinessCheck(standing, probe, asyncio.get_running_loop().time)
    status = Status(standing, readiness, Health(), lambda: [{"event": "worker lost"}])
    return application(readiness, lambda: status.document(private=True), page)


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_it_is_alive_where_the_loop_answers() -> None:
    async with answering(Standing(connected=False)) as address:
        assert await get(f"{address}/healthz") == (200, "ok\n")


async def test_it_is_ready_where_it_speaks() -> None:
    async with answering() as address:
        assert await get(f"{address}/readyz") == (200, "ready\n")


@pytest.mark.parametrize(
    ("standing", "failure", "reason"),
    [
        (Standing(connected=False), None, "not connected to Discord"),
        (Standing(ready=False), None, "the engine is not loaded"),
        (Standing(), EngineError("no voice"), "speech failed; the log says why"),
    ],
)
async def test_it_is_not_ready_and_says_why(
    standing: Standing, failure: Exception | None, reason: str
) -> None:
    async with answering(standing, failure) as address:
        assert await get(f"{address}/readyz") == (503, f"not ready: {reason}\n")


async def test_figures_are_told_as_prometheus_reads_them() -> None:
    metrics = Metrics(Standing(), Health())
    async with (
        answering(page=metrics.page) as address,
        aiohttp.ClientSession() as session,
        session.get(f"{address}/metrics") as response,
    ):
        assert response.content_type == "text/plain"
        assert "mynah_voice_connections 2.0" in await response.text()


async def test_where_no_figures_are_kept_it_says_how_to() -> None:
    async with answering() as address:
        status, text = await get(f"{address}/metrics")
    assert status == 404
    assert "enabled = true under [metrics]" in text


@pytest.mark.parametrize("path", ["/", "/../mynah.db", "/metrics/x"])
async def test_there_is_nothing_else(path: str) -> None:
    async with answering() as address:
        assert (await get(f"{address}{path}"))[0] == 404


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with answering() as address:
        app = application_of(Standing())
        with pytest.raises(OSError, match="address already in use"):
            async with serving(app, ("127.0.0.1", int(address.rpartition(":")[2]))):
                pass


async def test_status_tells_everything_at_the_socket(tmp_path: Path) -> None:
    async with serving(
        application_of(Standing()), control_socket.listening(tmp_path / SOCKET_NAME)
    ):
        document = await asyncio.to_thread(ask, tmp_path / SOCKET_NAME, tmp_path)
    assert (document["ready"], document["reason"]) == (True, "")
    assert (document["servers"], document["pid"]) == (7, os.getpid())
    assert document["voice"]["connections"] == 2
    assert document["engine"]["kind"] == "piper"
    assert document["errors"] == [{"event": "worker lost"}]


async def test_others_are_not_told_what_is_in_the_log() -> None:
    readiness = ReadinessCheck(Standing(), _nothing, asyncio.get_running_loop().time)
    health = Health()
    health.watch("engine", lambda: Condition("failing", "/data is gone", last_error="/data"))
    status = Status(Standing(), readiness, health, lambda: [{"event": "worker lost"}])
    public, private = [await status.document(private=private) for private in (False, True)]
    assert public["errors"] == []
    assert public["health"]["parts"][0]["state"] == "failing"
    assert "/data" not in json.dumps(public)
    assert "/data" in json.dumps(private)


async def test_the_document_is_json(tmp_path: Path) -> None:
    async with serving(
        application_of(Standing()), control_socket.listening(tmp_path / SOCKET_NAME)
    ):
        connection = HTTPConnection("localhost")
        connection.sock = control_socket.connected(tmp_path / SOCKET_NAME, 5)
        text = await asyncio.to_thread(_read, connection)
    assert json.loads(text)["connected"] is True


def _read(connection: HTTPConnection) -> bytes:
    connection.request("GET", "/status")
    try:
        return connection.getresponse().read()
    finally:
        connection.close()


async def _nothing() -> None:
    pass


def test_no_bot_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="No bot runs on the data directory"):
        ask(tmp_path / SOCKET_NAME, tmp_path)
    control_socket.listening(tmp_path / SOCKET_NAME).close()  # what a killed one leaves
    with pytest.raises(NotRunningError, match="No bot runs on the data directory"):
        ask(tmp_path / SOCKET_NAME, tmp_path)


def test_a_bot_that_is_stuck_is_told_of(tmp_path: Path) -> None:
    with (
        control_socket.listening(tmp_path / SOCKET_NAME),
        pytest.raises(NotRunningError, match="does not answer"),
    ):
        ask(tmp_path / SOCKET_NAME, tmp_path, 0.05)
