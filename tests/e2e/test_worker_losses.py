"""Children that die, hang, are stopped or never start, between calls and during them."""

from __future__ import annotations

import asyncio
import functools
import os
import resource
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from bot.workers import ProcessorTimeError, Worker, WorkerDiedError, WorkerLimits
from bot.workers import process as process_module
from bot.workers.backoff import FIRST_PAUSE_SECONDS, FREE_RESTARTS, LONGEST_PAUSE_SECONDS, Backoff
from bot.workers.state import LOOKS

WITHIN = 30.0


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("test worker", WorkerLimits(call_seconds=60))
    yield worker
    await worker.close()


async def until(condition: Callable[[], bool], within: float = WITHIN) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


async def killed(worker: Worker, number: signal.Signals = signal.SIGKILL) -> int:
    """Start the worker, send its child a signal, and return the id that it had."""
    pid = await worker.run(os.getpid)
    os.kill(pid, number)
    return pid


def replaced(worker: Worker, pid: int) -> Callable[[], bool]:
    return lambda: worker.pid not in (pid, None) and not worker.restarting


async def test_an_idle_child_that_is_killed_is_replaced_without_a_call(worker: Worker) -> None:
    pid = await killed(worker)
    await until(replaced(worker, pid))
    assert not psutil.pid_exists(pid), "no zombie is left"
    assert await worker.run(os.getpid) == worker.pid != pid


async def test_the_owner_learns_of_a_death_when_it_happens(worker: Worker) -> None:
    told: list[str] = []
    worker.on_lost = lambda error: told.append(str(error))
    await killed(worker)
    await until(lambda: bool(told))
    assert told == ["The test worker stopped unexpectedly (signal SIGKILL)."]


async def test_its_condition_tells_of_a_loss_and_how_often_there_was_one(worker: Worker) -> None:
    assert worker.condition().state == "off"
    pid = await killed(worker)
    await until(lambda: worker.condition().state == "starting")
    assert worker.condition().reason == "The test worker stopped unexpectedly (signal SIGKILL)."
    await until(replaced(worker, pid))
    told = worker.condition()
    assert (told.state, told.reason, told.restarts) == ("ok", "", 1)


async def test_its_condition_tells_when_the_next_child_is_started() -> None:
    worker = Worker("broken", WorkerLimits(60), functools.partial(os._exit, 3))
    try:
        with pytest.raises(WorkerDiedError):
            await worker.run(os.getpid)
        await until(lambda: worker.condition().state == "failing")
        told = worker.condition()
        assert "exit code 3" in told.reason
        assert told.next_try is not None
        assert 0 < told.next_try - time.monotonic() <= FIRST_PAUSE_SECONDS
    finally:
        await worker.close()
    assert worker.condition().state == "off"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
async def test_a_call_right_after_a_death_runs_in_the_next_child(
    worker: Worker, number: signal.Signals
) -> None:
    for _ in range(3):
        pid = await killed(worker, number)
        assert await worker.run(os.getpid) != pid


async def test_a_call_that_a_stopped_child_never_began_runs_in_the_next(worker: Worker) -> None:
    pid = await killed(worker, signal.SIGSTOP)
    call = asyncio.create_task(worker.run(os.getpid))
    while not worker.busy:
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    assert await call != pid


async def test_an_idle_child_that_is_stopped_is_replaced_within_ten_seconds(
    worker: Worker,
) -> None:
    pid = await killed(worker, signal.SIGSTOP)
    await until(lambda: not psutil.pid_exists(pid), within=10)
    await until(replaced(worker, pid))


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look ten times a second; `test_the_longest_look_is_within_ten_seconds` has the real pace."""
    monkeypatch.setattr(process_module, "WATCH_SECONDS", 0.1)


def begin(begun: Path) -> None:
    begun.touch()
    time.sleep(60)


@pytest.mark.usefixtures("often")
async def test_a_child_that_is_stopped_during_a_call_fails_it(
    worker: Worker, tmp_path: Path
) -> None:
    pid = await worker.run(os.getpid)
    call = asyncio.create_task(worker.run(begin, tmp_path / "begun"))
    await until((tmp_path / "begun").exists)  # a call that has not begun runs in the next child
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerDiedError, match=r"was stopped \(SIGSTOP\)"):
        async with asyncio.timeout(WITHIN):
            await call


async def test_a_child_that_was_stopped_for_a_moment_goes_on(worker: Worker) -> None:
    pid = await killed(worker, signal.SIGSTOP)
    await asyncio.sleep(1.5)
    os.kill(pid, signal.SIGCONT)
    await asyncio.sleep(1.5)
    assert await worker.run(os.getpid) == pid


def hold_the_lock(seconds: float) -> None:
    """Keep Python's lock in C, as an import of torch may."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(20_000_000))


@pytest.mark.usefixtures("often")
async def test_a_child_that_is_busy_in_c_is_not_taken_for_a_stopped_one(worker: Worker) -> None:
    pid = await worker.run(os.getpid)
    await worker.run(hold_the_lock, 3 * LOOKS * process_module.WATCH_SECONDS)
    assert worker.pid == pid


async def test_the_process_id_is_known_while_the_child_starts() -> None:
    worker = Worker("slow", WorkerLimits(60), functools.partial(time.sleep, 60))
    call = asyncio.create_task(worker.run(os.getpid))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    pid = worker.pid
    assert pid is not None
    assert psutil.Process(pid).ppid() == os.getpid()
    async with asyncio.timeout(WITHIN):
        await worker.close()
    with pytest.raises(WorkerDiedError):
        await call
    assert not psutil.pid_exists(pid)


async def test_a_child_that_hangs_while_it_starts_is_ended() -> None:
    limits = WorkerLimits(60, start_seconds=0.5)
    worker = Worker("slow", limits, functools.partial(time.sleep, 600))
    try:
        with pytest.raises(WorkerDiedError, match=r"did not start within 0\.5 s"):
            async with asyncio.timeout(WITHIN):
                await worker.run(os.getpid)
    finally:
        await worker.close()


async def test_a_child_that_dies_as_it_starts_is_tried_a_few_times() -> None:
    worker = Worker("broken", WorkerLimits(60), functools.partial(os._exit, 3))
    try:
        with pytest.raises(WorkerDiedError, match="exit code 3"):
            await worker.run(os.getpid)
    finally:
        await worker.close()


async def test_close_during_a_replacement_leaves_nothing(worker: Worker) -> None:
    pid = await killed(worker)
    await until(lambda: worker.restarting)
    await worker.close()
    assert worker.pid is None
    assert not psutil.pid_exists(pid)
    assert not worker.restarting


async def test_deaths_leave_no_threads_files_or_processes(worker: Worker) -> None:
    me = psutil.Process()
    await worker.run(os.getpid)
    before = me.num_fds(), threading.active_count(), len(me.children(recursive=True))
    for _ in range(4):
        pid = await killed(worker)
        assert await worker.run(os.getpid) != pid
    await until(lambda: not worker.restarting)
    await until(lambda: me.num_fds() == before[0])
    assert (threading.active_count(), len(me.children(recursive=True))) == before[1:]


def warm_up(folder: Path) -> None:
    (folder / str(os.getpid())).touch()


async def test_each_child_that_replaces_another_is_warmed(worker: Worker, tmp_path: Path) -> None:
    await worker.warm(functools.partial(warm_up, tmp_path))
    pid = await killed(worker)
    await until(replaced(worker, pid))
    assert {path.name for path in tmp_path.iterdir()} == {str(pid), str(worker.pid)}


async def test_a_call_that_used_up_its_processor_time_says_so() -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=60, cpu_seconds=1))
    try:
        with pytest.raises(ProcessorTimeError, match="took over 1 s of processor time"):
            await worker.run(hold_the_lock, 30)
    finally:
        await worker.close()


def write(path: Path, size: int) -> None:
    path.write_bytes(bytes(size))


async def test_files_are_limited_and_no_core_is_dumped(tmp_path: Path) -> None:
    worker = Worker("test worker", WorkerLimits(60, file_bytes=1000))
    try:
        await worker.run(write, tmp_path / "small", 1000)
        with pytest.raises(OSError, match="File too large"):
            await worker.run(write, tmp_path / "large", 1001)
        assert await worker.run(resource.getrlimit, resource.RLIMIT_CORE) == (0, 0)
    finally:
        await worker.close()


class UnfitError(Exception):
    """Cannot be made from what it passes to its base."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)


def raise_unfit() -> None:
    raise UnfitError(3, "broken")


def leave() -> None:
    raise SystemExit(3)


async def test_what_cannot_travel_fails_its_call_alone(worker: Worker) -> None:
    pid = await worker.run(os.getpid)
    with pytest.raises(TypeError, match="cannot be passed"):
        await worker.run(threading.Lock)
    with pytest.raises(Exception, match="broken"):
        await worker.run(raise_unfit)
    with pytest.raises(Exception, match="pickle"):
        await worker.run(divmod, threading.Lock(), 1)
    assert await worker.run(os.getpid) == pid


async def test_a_call_that_ends_the_process_is_a_death(worker: Worker) -> None:
    with pytest.raises(WorkerDiedError, match="exit code 3"):
        await worker.run(leave)


def test_restarts_are_spaced_out_and_success_forgets() -> None:
    backoff = Backoff()
    pauses = [backoff.fail() for _ in range(FREE_RESTARTS + 3)]
    assert pauses == [0.0] * FREE_RESTARTS + [2.0, 4.0, 8.0]
    assert max(backoff.fail() for _ in range(100)) == LONGEST_PAUSE_SECONDS
    backoff.succeed()
    assert backoff.fail() == 0.0


def test_the_longest_look_is_within_ten_seconds() -> None:
    assert (LOOKS + 1) * process_module.WATCH_SECONDS < 10
