"""The turn to write across processes: one at a time, in order, and never for ever."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from pathlib import Path

import pytest

from storage.write_turn import write_turn


def locked(directory: Path) -> int:
    """Hold the turn as another process does: locks are of open files."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def is_free(directory: Path) -> bool:
    try:
        os.close(locked(directory))
    except BlockingIOError:
        return False
    return True


async def test_it_is_held_in_the_block_alone(tmp_path: Path) -> None:
    async with write_turn(tmp_path):
        assert not is_free(tmp_path)
    assert is_free(tmp_path)


async def test_who_waits_gets_it_when_the_other_is_done(tmp_path: Path) -> None:
    other, got = locked(tmp_path), asyncio.Event()

    async def write() -> None:
        async with write_turn(tmp_path):
            got.set()

    waiting = asyncio.create_task(write())
    await asyncio.sleep(0)
    assert not got.is_set()
    os.close(other)
    await asyncio.wait_for(waiting, 10)
    assert got.is_set()
    assert is_free(tmp_path)


async def test_those_who_wait_have_one_turn_at_a_time(tmp_path: Path) -> None:
    inside = most = 0

    async def write() -> None:
        nonlocal inside, most
        async with write_turn(tmp_path):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(write() for _ in range(20)))
    assert most == 1


async def test_where_the_turn_does_not_come_it_goes_on_without(tmp_path: Path) -> None:
    other = locked(tmp_path)
    async with write_turn(tmp_path, seconds=0.01):
        assert not is_free(tmp_path)  # it is the other's still
    os.close(other)
    async with asyncio.timeout(10):
        while not is_free(tmp_path):  # what waited for it in vain has released it
            await asyncio.sleep(0.001)


async def test_who_is_cancelled_while_waiting_leaves_nothing_held(tmp_path: Path) -> None:
    other = locked(tmp_path)
    waiting = asyncio.create_task(write_turn(tmp_path).__aenter__())
    while "write-turn" not in {thread.name for thread in threading.enumerate()}:
        await asyncio.sleep(0.001)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    os.close(other)
    async with asyncio.timeout(10):
        while not is_free(tmp_path):
            await asyncio.sleep(0.001)


async def test_without_locks_writing_goes_on(tmp_path: Path) -> None:
    async with write_turn(tmp_path / "missing"):
        pass


@pytest.mark.parametrize("steps", range(8))
async def test_cancelled_at_any_moment_it_is_free_soon(tmp_path: Path, steps: int) -> None:
    """Also where a thread took it just then, and nobody was there any more to be told."""

    async def write() -> None:
        async with write_turn(tmp_path):
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    for _ in range(steps):
        await asyncio.sleep(0)
    for unfinished in asyncio.all_tasks() - {asyncio.current_task()}:
        unfinished.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        async with write_turn(tmp_path):
            assert not is_free(tmp_path)
    assert is_free(tmp_path)
