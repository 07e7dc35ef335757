"""The restartable child process: limits, crashes, cancellation, shutdown."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.errors import BusyError
from bot.workers import Worker, WorkerDiedError, WorkerLimits, WorkerTimeoutError


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("test worker", WorkerLimits(call_seconds=30, waiting=1))
    yield worker
    await worker.close()


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def allocate(size: int) -> int:
    return len(bytearray(size))


async def test_result_and_exception_come_back(worker: Worker) -> None:
    assert await worker.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await worker.run(divmod, 7, 0)


async def test_child_is_another_niced_process(worker: Worker) -> None:
    pid = await worker.run(os.getpid)
    assert pid == worker.pid != os.getpid()
    assert psutil.Process(pid).nice() == min(19, os.nice(0) + 15)


async def test_crash_fails_its_own_call_and_the_next_call_works(worker: Worker) -> None:
    crash = asyncio.create_task(worker.run(os._exit, 3))
    waiting = asyncio.create_task(worker.run(divmod, 7, 2))
    with pytest.raises(WorkerDiedError):
        await crash
    assert await waiting == (3, 1)


async def test_call_over_its_time_is_ended() -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=0.5))
    try:
        with pytest.raises(WorkerTimeoutError):
            await worker.run(time.sleep, 60)
        assert await worker.run(divmod, 7, 2) == (3, 1)
    finally:
        await worker.close()


async def test_long_call_can_have_a_bound_of_its_own() -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=0.1))
    try:
        await worker.run_within(30, time.sleep, 0.3)
    finally:
        await worker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="kernel limits are POSIX")
async def test_call_over_its_processor_time_is_ended() -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=30, cpu_seconds=1))
    try:
        with pytest.raises(WorkerDiedError):
            await worker.run(spin, 25)
        await worker.run(spin, 0.8)  # the allowance is per call, not per process
        await worker.run(spin, 0.8)
    finally:
        await worker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mappings on Linux only")
async def test_memory_is_limited() -> None:
    worker = Worker("test worker", WorkerLimits(call_seconds=30, memory_bytes=256 << 20))
    try:
        assert await worker.run(allocate, 16 << 20) == 16 << 20
        with pytest.raises(MemoryError):
            await worker.run(allocate, 512 << 20)
    finally:
        await worker.close()


async def test_queue_is_bounded(worker: Worker) -> None:
    running = asyncio.create_task(worker.run(time.sleep, 0.3))
    waiting = asyncio.create_task(worker.run(divmod, 7, 2))
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await worker.run(divmod, 7, 2)
    await running
    assert await waiting == (3, 1)


async def test_cancelled_caller_leaves_the_child_alive(worker: Worker) -> None:
    pid = await worker.run(os.getpid)
    call = asyncio.create_task(worker.run(time.sleep, 0.3))
    while not worker.busy:
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await worker.run(os.getpid) == pid


async def test_close_ends_the_child_and_a_call_in_flight(worker: Worker) -> None:
    pid = await worker.run(os.getpid)
    call = asyncio.create_task(worker.run(time.sleep, 60))
    while not worker.busy:
        await asyncio.sleep(0)
    await worker.close()
    with pytest.raises(WorkerDiedError):
        await call
    assert not psutil.pid_exists(pid)
    with pytest.raises(WorkerDiedError):
        await worker.run(divmod, 7, 2)


async def test_close_while_the_child_starts_ends_the_call(worker: Worker) -> None:
    call = asyncio.create_task(worker.run(os.getpid))
    while not worker.busy:
        await asyncio.sleep(0)
    await worker.close()
    with pytest.raises(WorkerDiedError):
        await call


def held_signals() -> set[signal.Signals]:
    return {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())}


@pytest.mark.skipif(sys.platform == "win32", reason="signal masks are POSIX")
async def test_child_is_deaf_to_the_groups_signals_from_its_first_moment(worker: Worker) -> None:
    before = held_signals()
    assert {signal.SIGINT, signal.SIGTERM} <= await worker.run(held_signals)
    assert held_signals() == before


async def test_child_that_cannot_be_spawned_says_why(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", refuse)
        with pytest.raises(WorkerDiedError, match="temporarily unavailable"):
            await worker.run(os.getpid)
    assert await worker.run(divmod, 7, 2) == (3, 1)


PARENT = """
import asyncio, os, sys, time
from bot.workers import Worker, WorkerLimits
async def main():
    worker = Worker("orphan", WorkerLimits(call_seconds=60))
    print(await worker.run(os.getpid), flush=True)
    await worker.run(time.sleep, 60)
if __name__ == "__main__":
    asyncio.run(main())
"""


def test_child_exits_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        child.wait(timeout=10)
