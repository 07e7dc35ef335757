"""What a service manager hears, over a real datagram socket, while the loop or the pacer hangs."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from bot.operations.watchdog import Notifier, Watchdog, watchdog_seconds
from tests.operations.standing import Beating, Standing


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}

    def heard(self) -> list[str]:
        """Return what came since the last call."""
        told = []
        while True:
            try:
                told += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return told

    async def until(self, assignment: str) -> list[str]:
        told: list[str] = []
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while assignment not in told:
                told += (await loop.sock_recv(self.socket, 4096)).decode().split("\n")
        return told


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


@asynccontextmanager
async def running(
    standing: Standing, manager: Manager, stop: asyncio.Event | None = None
) -> AsyncIterator[None]:
    watchdog = Watchdog(standing, manager.environment, look_seconds=0.01)
    task = asyncio.create_task(watchdog.run(stop or asyncio.Event()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_it_says_that_the_bot_is_ready_once_it_is_logged_in(manager: Manager) -> None:
    standing = Standing(connected=False)
    async with running(standing, manager):
        told = await manager.until("STATUS=connecting to Discord")
        assert "READY=1" not in told
        standing.connected = True
        told = await manager.until("READY=1")
        assert "STATUS=7 servers, 2 voice channels, engine piper ready" in told
        standing.ready = False
        told = await manager.until("STATUS=7 servers, 2 voice channels, engine not ready")
        assert "READY=1" not in told


async def test_it_asks_for_more_time_while_discord_is_away(manager: Manager) -> None:
    async with running(Standing(connected=False), manager):
        assert "READY=1" not in await manager.until("EXTEND_TIMEOUT_USEC=60000000")


async def test_it_says_that_the_bot_is_ending_and_feeds_until_then(manager: Manager) -> None:
    stop = asyncio.Event()
    async with running(Standing(), manager, stop):
        await manager.until("READY=1")
        stop.set()
        await manager.until("STOPPING=1")
        assert "READY=1" not in await manager.until("WATCHDOG=1")


async def test_it_is_fed_while_loop_and_pacer_live(manager: Manager) -> None:
    async with running(Standing(), manager):
        for _ in range(4):
            await manager.until("WATCHDOG=1")


async def test_it_is_fed_while_there_is_no_pacer(manager: Manager) -> None:
    async with running(Standing(pacer=None), manager):
        await manager.until("WATCHDOG=1")
        await manager.until("WATCHDOG=1")


def test_it_is_not_fed_while_the_pacer_hangs(manager: Manager) -> None:
    pacer = Beating()
    watchdog = Watchdog(Standing(pacer=pacer), manager.environment)
    watchdog.look(100.0)
    pacer.hangs = True
    watchdog.look(101.0)  # it moved after the first look
    assert manager.heard().count("WATCHDOG=1") == 2
    with structlog.testing.capture_logs() as lines:
        for second in range(102, 110):
            watchdog.look(float(second))
    assert "WATCHDOG=1" not in manager.heard()
    assert [line["event"] for line in lines] == ["the thread that sends speech does not move"]
    pacer.hangs = False
    pacer.nudge()
    watchdog.look(111.0)
    assert "WATCHDOG=1" in manager.heard()


def test_another_pacer_is_not_taken_for_a_hanging_one(manager: Manager) -> None:
    standing = Standing(pacer=Beating(hangs=True))
    watchdog = Watchdog(standing, manager.environment)
    watchdog.look(100.0)
    standing.pacer = Beating(hangs=True)  # the client was made anew
    watchdog.look(101.0)
    assert manager.heard().count("WATCHDOG=1") == 2


async def test_it_is_not_fed_while_the_event_loop_hangs(manager: Manager) -> None:
    async with running(Standing(), manager):
        await manager.until("WATCHDOG=1")
        manager.heard()
        time.sleep(0.4)  # noqa: ASYNC251 - twice the time within which the manager wants a sign
        assert manager.heard() == []
        await manager.until("WATCHDOG=1")


async def test_abstract_sockets_are_reached(tmp_path: Path) -> None:
    manager = Manager(f"@mynah-test-{os.getpid()}-{tmp_path.name}")
    try:
        async with running(Standing(), manager):
            await manager.until("READY=1")
    finally:
        manager.socket.close()


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all", "vsock:1:2"])
def test_nobody_who_listens_is_no_trouble(address: str | None) -> None:
    assert not Notifier(address).tell("READY=1")


def test_a_manager_that_takes_nothing_holds_up_nobody(manager: Manager) -> None:
    notifier = Notifier(manager.environment["NOTIFY_SOCKET"])
    told = [notifier.tell("STATUS=" + "x" * 1000) for _ in range(2000)]
    assert not told[-1]


@pytest.mark.parametrize(("stopping", "assignment"), [(False, "READY=1"), (True, "STOPPING=1")])
def test_what_a_manager_did_not_take_is_told_again(
    manager: Manager, stopping: bool, assignment: str
) -> None:
    watchdog = Watchdog(Standing(), manager.environment)
    notifier = Notifier(manager.environment["NOTIFY_SOCKET"])
    while notifier.tell("STATUS=" + "x" * 1000):
        pass
    watchdog.look(0.0, stopping=stopping)
    assert assignment not in manager.heard()
    watchdog.look(1.0, stopping=stopping)
    watchdog.look(2.0, stopping=stopping)
    assert manager.heard().count(assignment) == 1


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_time_is_that_of_this_process(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_seconds(environment) == seconds
