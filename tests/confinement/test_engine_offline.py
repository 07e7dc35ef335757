"""An engine may download while it is loaded; afterwards its process opens no network connection."""

from __future__ import annotations

import os
import socket
import sys
from functools import partial

import pytest

from bot.confinement import Wall
from bot.speech import engine_worker
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.scripted_engine import ScriptedEngine, open_scripted, scripted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has walls")

CHILD = "import socket; socket.socket()"

kept: list[socket.socket] = []


def open_downloading(spec: EngineSpec, port: int) -> ScriptedEngine:
    """Load as an engine does that downloads, and keeps its connection open as a pool does."""
    kept.append(socket.create_connection(("127.0.0.1", port), timeout=10))
    kept[0].sendall(b"downloaded")
    return open_scripted(spec)


def tried(port: int) -> dict[str, str]:
    """What the loaded engine's process gets when it turns to the network."""
    ways = {
        "connects": lambda: socket.create_connection(("127.0.0.1", port), timeout=1),
        "sends over what is open": lambda: kept[0].sendall(b"leaked"),
        "connects what is open anew": lambda: kept[0].connect(("127.0.0.1", port)),
        "datagram": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "a child's": lambda: os.system(f"{sys.executable} -c '{CHILD}' 2>/dev/null"),
        "this machine's programs": lambda: socket.socketpair(),
    }
    outcomes = {}
    for name, way in ways.items():
        try:
            outcomes[name] = f"got {way()}"
        except OSError as error:
            outcomes[name] = f"refused {error}"
    return outcomes


async def test_a_loaded_engine_is_offline_and_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        port = server.getsockname()[1]
        worker = Worker("engine worker", WorkerLimits(60), answers=ENGINE_ANSWERS)
        client = EngineClient(
            worker, EngineSpec(), open_engine=partial(open_downloading, port=port)
        )
        try:
            info = await client.start()
            (spoken,) = await client.synthesize([scripted("hello")])
            found = await worker.run(tried, port)
            offline = await worker.run(os.getenv, "HF_HUB_OFFLINE")
            with server.accept()[0] as connection:
                connection.settimeout(20)
                heard = b"".join(iter(lambda: connection.recv(100), b""))
        finally:
            await client.close()
    (wall,) = info.walls
    if not wall.stands:
        pytest.skip(str(wall))
    assert heard == b"downloaded"
    assert not isinstance(spoken, Exception)
    assert offline == "1"
    assert found.pop("this machine's programs").startswith("got")
    assert found.pop("a child's") == "got 256"  # its exit code: it was refused, too
    assert {name: how[:7] for name, how in found.items()} == dict.fromkeys(found, "refused")


def test_the_library_that_downloads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Constants:
        HF_HUB_OFFLINE = False

    constants = Constants()
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", constants)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(engine_worker, "close_network", lambda: (Wall("no network"),))
    engine_worker._go_offline(walled=True)
    assert constants.HF_HUB_OFFLINE is True
