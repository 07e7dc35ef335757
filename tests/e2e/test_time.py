"""The real program while somebody sets the clock, and while the machine sleeps.

A sleep is a stop of the whole tree of processes (SIGSTOP): on Linux neither that nor a suspended
machine is seen by the monotonic clock's users as anything but one long step of others.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from loopback import LoopbackDiscord
from tests.e2e.live import Call, add_operator_voice, content
from tests.e2e.test_lost_workers import Service, is_heard
from tests.e2e.test_program import running

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="compiles a clock"),
]

HOUR = 3600
PATIENCE_SECONDS = 90.0
SLEEP_SECONDS = float(os.environ.get("SLEEP_SECONDS", "15"))
TEXT = "The rain had stopped before morning. The street was dry again. Nobody had seen it."
CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"  # POSIX: needs no table of the system's
SUMMER_BEGINS = datetime(2027, 3, 28, 1, tzinfo=UTC)


class WallClock:
    """What the program takes for the time of day."""

    def __init__(self, folder: Path) -> None:
        self.file, self._library = folder / "shift", folder / "wall_clock.so"
        source = Path(__file__).with_name("wall_clock.c")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O2", "-o", self._library, source, "-ldl"], check=True
        )
        self.set_forward(0)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "WALL_CLOCK_FILE": str(self.file),
            "TZ": CENTRAL_EUROPE,
        }

    def set_forward(self, seconds: int) -> None:
        self.file.with_suffix(".new").write_text(str(seconds))
        self.file.with_suffix(".new").replace(self.file)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    return WallClock(tmp_path_factory.mktemp("clock"))


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def service(
    clock: WallClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    data = tmp_path_factory.mktemp("data")
    await add_operator_voice(data)
    async with LoopbackDiscord() as loopback:
        guild = loopback.add_guild()
        ada = loopback.add_person(guild, "Ada")
        call = Call(loopback, guild, ada, await ada.join_voice())
        async with running(data, {**loopback.env(), **clock.environment}) as program:
            await loopback.gateway.wait_ready(within=PATIENCE_SECONDS)
            await program.line("engine loaded")
            service = Service(program, call)
            await is_heard(call, "Hello there.")
            yield service
            code, log = await program.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        assert "worker lost" not in log
        assert "engine failed" not in log


async def test_the_clock_can_be_set(clock: WallClock) -> None:
    def told() -> float:
        command = ["date", "+%s"]
        environment = {**os.environ, **clock.environment}
        run = subprocess.run(command, env=environment, capture_output=True, check=True)
        return float(run.stdout)

    before = told()
    clock.set_forward(HOUR)
    assert told() - before == pytest.approx(HOUR, abs=30)
    clock.set_forward(0)


def to_the_beginning_of_summer() -> int:
    """Return how far it is to two seconds before the clocks are set forward."""
    return int((SUMMER_BEGINS - datetime.now(UTC)).total_seconds()) - 2


@pytest.mark.parametrize("jump", [HOUR, -HOUR, None], ids=["forward", "back", "summer time begins"])
async def test_speech_is_heard_to_its_end_and_followed_although_the_clock_is_set(
    service: Service, clock: WallClock, jump: int | None
) -> None:
    workers = {worker.pid for worker in service.workers}
    heard = len(service.call.listener.audible)
    answer = await service.call.say(TEXT).answered()
    await service.call.listener.until_heard(heard + 10, PATIENCE_SECONDS)
    clock.set_forward(to_the_beginning_of_summer() if jump is None else jump)
    await content(answer, "\nSaid.", PATIENCE_SECONDS)
    await is_heard(service.call, "And then.")
    clock.set_forward(0)
    await is_heard(service.call, "And back again.")
    assert {worker.pid for worker in service.workers} == workers


async def test_after_a_sleep_in_mid_sentence_speech_goes_on_and_nobody_counts_as_lost(
    service: Service,
) -> None:
    workers = {worker.pid for worker in service.workers}
    heard = len(service.call.listener.audible)
    answer = await service.call.say(TEXT).answered()
    await service.call.listener.until_heard(heard + 10, PATIENCE_SECONDS)
    tree = [psutil.Process(service.program.process.pid), *service.workers]
    for process in tree:
        process.suspend()
    await asyncio.sleep(SLEEP_SECONDS)
    for process in tree:
        process.resume()
    await content(answer, "\nSaid.", PATIENCE_SECONDS)
    await is_heard(service.call, "Good morning.")
    assert {worker.pid for worker in service.workers} == workers
