"""Which processes of all machines run the bot on a database: no shard twice, nobody blocked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from storage.errors import DirectoryInUseError, StorageError
from storage.postgres import process_lock
from storage.postgres.process_lock import NOTICES, ProcessLock
from storage.postgres.session_locks import SessionProcess, held
from storage.shards import Shards, parse_shards
from tests.servers.in_line import end_sessions, other_in_line
from tests.servers.postgres_server import PostgresServer, free_port
from tests.servers.stalling import stalling

LOW, HIGH = Shards((0, 1), 4), Shards((2, 3), 4)
ROOT = Path(__file__).parents[3]
WITHIN = 30.0
WAITS, LOST = "I wait for at most", "is lost. I make another one."


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_lock, "WAIT_SECONDS", 0.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK", "BEAT", "FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(process_lock, f"{name}_SECONDS", 0.05)


@asynccontextmanager
async def running(
    url: str, shards: Shards | None, stop: asyncio.Event | None = None
) -> AsyncIterator[ProcessLock]:
    async with process_lock.running(url, shards, stop or asyncio.Event()) as lock:
        yield lock


async def refused(url: str, shards: Shards | None) -> str:
    with pytest.raises(DirectoryInUseError) as refusal:
        async with running(url, shards):
            pass
    return str(refusal.value)


async def until_holding(
    url: str, *shards: Shards | None, application: int | None = None
) -> list[SessionProcess]:
    """Wait until processes of these shards and this application hold locks, and nobody else does.

    They take them one after another.
    """
    wanted = sorted((str(each), application) for each in shards)
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                found = await held(connection)
                if sorted((str(each.shards), each.application_id) for each in found) == wanted:
                    return found
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def until_told(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(WITHIN):
        while text not in caplog.text:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("first", "second", "advice"),
    [
        ("auto", "auto", "several processes of one bot share it only where each names shards"),
        ("auto", "4-7/8", "give this one another storage.url"),
        ("0-3/8", "auto", "several processes of one bot share it only where each names shards"),
        ("0-3/8", "3-4/8", "Give this one others than 3-4/8 in discord.shards"),
        ("0-3/8", "4-7/16", "This one has 4-7/16: the number after the / is the same for all"),
        ("4-7/16", "0/1", "This one has 0/1: the number after the / is the same for all"),
    ],
)
@pytest.mark.usefixtures("no_wait")
async def test_shards_that_cannot_run_beside_others_are_refused_with_who_has_them_and_where(
    postgres: PostgresServer, postgres_url: str, first: str, second: str, advice: str
) -> None:
    async with running(postgres_url, parse_shards(first)):
        told = await refused(postgres_url, parse_shards(second))
    theirs = "all shards" if first == "auto" else f"the shards {first}"
    host = re.escape(socket.gethostname())
    place = re.escape(postgres_url.replace(f"mynah:{postgres.password}@", ""))
    who = rf"process {os.getpid()} of {host}; in PostgreSQL session \d+ from 127\.0\.0\.1"
    assert re.match(rf"The bot runs on {place} already, for {theirs} \({who}\)\. ", told)
    assert advice in told
    assert "\n" not in told
    assert postgres.password not in told


@pytest.mark.usefixtures("no_wait")
async def test_other_shards_run_beside_and_the_same_ones_after(postgres_url: str) -> None:
    for _ in range(2):
        async with running(postgres_url, LOW), running(postgres_url, HIGH):
            await until_holding(postgres_url, LOW, HIGH)
    async with running(postgres_url, None):
        pass


@pytest.mark.usefixtures("no_wait")
async def test_another_database_of_the_server_is_another_place(
    postgres: PostgresServer, postgres_url: str
) -> None:
    other = await postgres.create("beside")
    async with running(postgres_url, None), running(other, None):
        pass
    await postgres.drop("beside")


@pytest.mark.usefixtures("no_wait")
async def test_of_many_that_come_at_once_one_runs(postgres_url: str) -> None:
    all_tried = asyncio.Barrier(4)

    async def try_to_run(shards: Shards | None) -> bool:
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(running(postgres_url, shards))
                return True
            except DirectoryInUseError:
                return False
            finally:
                await all_tried.wait()

    each = (None, Shards((0,), 4), Shards((1,), 8), Shards((2,), 16))
    assert sorted(await asyncio.gather(*map(try_to_run, each))) == [False, False, False, True]


@pytest.mark.usefixtures("no_wait")
async def test_another_application_is_refused_and_the_same_one_is_not(postgres_url: str) -> None:
    ours, theirs = 2**62 + 3, 2**33 + 2**31 + 7  # both halves with and without the uppermost bit
    async with running(postgres_url, LOW) as one, running(postgres_url, HIGH) as other:
        await one.claim(theirs)
        await other.claim(theirs)
        await until_holding(postgres_url, LOW, HIGH, application=theirs)
    async with running(postgres_url, LOW) as one, running(postgres_url, HIGH) as other:
        await one.claim(theirs)
        with pytest.raises(DirectoryInUseError) as refusal:
            await other.claim(ours)
    told = str(refusal.value)
    assert told.startswith(f"Another bot, of application {theirs}, runs on postgresql://")
    assert f"already, for the shards 0-1/4 (process {os.getpid()} of " in told
    assert f"this one is of application {ours}. Give this one the token of that" in told


async def test_a_killed_process_keeps_nobody_out(postgres_url: str) -> None:
    script = (
        "import asyncio, os\n"
        "from storage.postgres.process_lock import running\n"
        "async def main():\n"
        "    async with running(os.environ['TEST_URL'], None, asyncio.Event()):\n"
        "        print('runs', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=PIPE,
        env={**os.environ, "TEST_URL": postgres_url, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"runs\n"
        [process] = await until_holding(postgres_url, None)
        assert process.pid == child.pid
    finally:
        child.send_signal(signal.SIGKILL)
        await child.communicate()
    async with running(postgres_url, Shards((0,), 2)):
        pass


@pytest.mark.usefixtures("quick")
async def test_who_ends_within_the_wait_is_followed(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with running(postgres_url, LOW):
            await until_holding(postgres_url, LOW)

    async with running(postgres_url, None):
        second = asyncio.create_task(run())
        await until_told(caplog, WAITS)
        assert not second.done()
    await second
    assert caplog.text.count(WAITS) == 1


@pytest.mark.usefixtures("quick")
async def test_who_is_stopped_waits_no_longer(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    async with running(postgres_url, None):
        waiting = asyncio.create_task(running(postgres_url, None, stop).__aenter__())
        await until_told(caplog, WAITS)
        stop.set()
        with pytest.raises(DirectoryInUseError):
            await waiting


@pytest.mark.usefixtures("quick")
async def test_after_a_restart_of_the_server_the_shards_are_held_again(
    postgres: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    async with running(postgres_url, LOW, stop) as lock:
        postgres.stop()
        try:
            await until_told(caplog, LOST)
            await lock.claim(42)  # said when the server is there again
        finally:
            postgres.start()
        await until_holding(postgres_url, LOW, application=42)
        assert not stop.is_set()


@pytest.mark.usefixtures("quick")
async def test_one_whose_shards_another_took_meanwhile_ends(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        async with running(postgres_url, None, stop), other_in_line(postgres_url):
            await end_sessions(postgres)
            async with asyncio.timeout(WITHIN):
                await stop.wait()

    with pytest.raises(DirectoryInUseError, match=r"for all shards \(another process; in Postgre"):
        await run()


@pytest.mark.usefixtures("quick")
async def test_a_connection_that_is_silent_is_replaced_and_the_former_session_ended(
    postgres: PostgresServer,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(process_lock, "ANSWER_SECONDS", 0.2)
    caplog.set_level(logging.INFO)
    stop = asyncio.Event()
    async with stalling(postgres.port) as network:
        url = postgres_url.replace(f":{postgres.port}/", f":{network.port}/")
        async with running(url, None, stop):
            [before] = await until_holding(postgres_url, None)
            network.stall()
            await until_told(caplog, LOST)
            assert await until_holding(postgres_url, None) == [before]  # the server knows nothing
            network.pass_on()
            await until_told(caplog, "are kept from running")
            [after] = await until_holding(postgres_url, None)
            assert after.session != before.session
            assert after.name == before.name
            assert not stop.is_set()


async def test_the_server_notices_a_machine_that_is_gone_before_the_wait_is_over(
    postgres_url: str,
) -> None:
    connection = await process_lock.connect(postgres_url, NOTICES)
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in NOTICES}
    await connection.close()
    assert shown == NOTICES
    idle, interval, count, silent_ms = map(int, NOTICES.values())
    assert max(idle + interval * count, silent_ms / 1000) < process_lock.WAIT_SECONDS


async def test_nothing_stays_open(postgres_url: str) -> None:
    async with running(postgres_url, LOW):
        pass
    await until_holding(postgres_url)


async def test_a_server_that_does_not_run_is_told() -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/mynah"
    with pytest.raises(StorageError, match="Check that it runs and can be reached") as refusal:
        await running(url, None).__aenter__()
    assert "hunter2" not in str(refusal.value)


async def test_more_shards_than_the_server_has_locks_for_are_told_with_what_to_raise(
    postgres: PostgresServer, postgres_url: str
) -> None:
    most = parse_shards("0-16383/16384")
    other = await postgres.create("beside")
    async with running(postgres_url, most):
        with pytest.raises(StorageError, match="raise max_locks_per_transaction"):
            await running(other, most).__aenter__()
    await postgres.drop("beside")
