"""Which shard may identify when, across processes on a data directory."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import structlog

from bot import identify_turns
from bot.identify_turns import IdentifyTurns

SECONDS = 0.2


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identify_turns, "IDENTIFY_SECONDS", SECONDS)
    monkeypatch.setattr(identify_turns, "MARGIN_SECONDS", 0.0)
    monkeypatch.setattr(identify_turns, "LOOK_SECONDS", 0.01)


async def identify(turns: IdentifyTurns, shard_id: int, times: dict[int, float]) -> None:
    async with turns.launching(shard_id):
        await turns.take(shard_id)
        times[shard_id] = time.monotonic()


async def test_processes_identify_one_after_another(tmp_path: Path) -> None:
    # Locks are of open files: two of one process are as two processes to each other.
    times: dict[int, float] = {}
    processes = [IdentifyTurns(tmp_path, 1, 1) for _ in range(3)]
    await asyncio.gather(*(identify(turns, n, times) for n, turns in enumerate(processes)))
    gaps = [late - early for early, late in itertools.pairwise(sorted(times.values()))]
    assert min(gaps) >= SECONDS - 0.005


async def test_shards_of_different_buckets_do_not_wait_for_each_other(tmp_path: Path) -> None:
    held = IdentifyTurns(tmp_path, 1, 2)
    async with held.launching(0):
        await held.take(0)
        times: dict[int, float] = {}
        await asyncio.wait_for(identify(IdentifyTurns(tmp_path, 1, 2), 3, times), 5)
    assert 3 in times


async def test_sixteen_at_once_identify_where_discord_allows_it(tmp_path: Path) -> None:
    times: dict[int, float] = {}
    shards = [(shard_id, IdentifyTurns(tmp_path, 1, 16)) for shard_id in range(32)]
    await asyncio.gather(*(identify(turns, shard_id, times) for shard_id, turns in shards))
    assert max(times.values()) - min(times.values()) < 16 * SECONDS
    for bucket in range(16):
        assert abs(times[bucket] - times[bucket + 16]) >= SECONDS - 0.005


async def test_a_process_that_was_killed_in_its_turn_keeps_nobody_waiting(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_die_in_turn, args=(tmp_path,))
    child.start()
    await asyncio.to_thread(child.join)
    assert child.exitcode == -signal.SIGKILL
    times: dict[int, float] = {}
    await asyncio.wait_for(identify(IdentifyTurns(tmp_path, 1, 1), 1, times), 5)
    assert 1 in times


def _die_in_turn(directory: Path) -> None:
    async def die() -> None:
        async with IdentifyTurns(directory, 1, 1).launching(0):
            await IdentifyTurns(directory, 1, 1, clock=_end).take(0)

    asyncio.run(die())


def _end() -> float:
    os.kill(os.getpid(), signal.SIGKILL)  # while it holds both locks
    raise AssertionError


async def test_a_process_that_stands_still_in_its_turn_does_not_hold_up_others_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identify_turns, "LAUNCH_HELD_SECONDS", 0.1)
    times: dict[int, float] = {}
    async with IdentifyTurns(tmp_path, 1, 1).launching(0):
        await asyncio.wait_for(identify(IdentifyTurns(tmp_path, 1, 1), 1, times), 5)
    assert 1 in times


async def test_many_that_come_one_after_another_are_no_process_that_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identify_turns, "LAUNCH_HELD_SECONDS", 2 * SECONDS)
    times: dict[int, float] = {}
    processes = [IdentifyTurns(tmp_path, 1, 1) for _ in range(6)]
    with structlog.testing.capture_logs() as lines:
        await asyncio.gather(*(identify(turns, n, times) for n, turns in enumerate(processes)))
    assert (len(times), lines) == (6, [])


async def test_another_bot_does_not_wait(tmp_path: Path) -> None:
    held, times = IdentifyTurns(tmp_path, 1, 1), {}
    async with held.launching(0):
        await asyncio.wait_for(identify(IdentifyTurns(tmp_path, 2, 1), 0, times), 5)
    assert 0 in times


async def test_who_waits_says_so_and_can_be_cancelled(tmp_path: Path) -> None:
    held, other = IdentifyTurns(tmp_path, 1, 1), IdentifyTurns(tmp_path, 1, 1)
    async with held.launching(0):
        waiting = asyncio.create_task(identify(other, 1, {}))
        while not other.queueing:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not other.queueing
    await asyncio.wait_for(identify(other, 1, {}), 5)


async def test_a_try_within_a_try_does_not_wait_for_itself(tmp_path: Path) -> None:
    turns = IdentifyTurns(tmp_path, 1, 1)
    async with turns.launching(0), asyncio.timeout(5), turns.launching(0):
        await turns.take(0)


async def test_a_clock_that_was_set_back_holds_up_nobody_for_long(tmp_path: Path) -> None:
    await IdentifyTurns(tmp_path, 1, 1, clock=lambda: time.time() + 3600).take(0)
    async with asyncio.timeout(5):
        await IdentifyTurns(tmp_path, 1, 1).take(0)


async def test_without_locks_shards_identify_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, kind: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    begin = time.monotonic()
    await IdentifyTurns(tmp_path, 1, 1).take(0)
    assert time.monotonic() - begin >= SECONDS - 0.005
