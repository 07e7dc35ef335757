"""How an engine of a cluster is shown to operators."""

from __future__ import annotations

from typing import Any

import pytest

from bot.operations.health import Health
from bot.operations.vitals import DeviceReading
from bot.speech.remote_device import RemoteDevice
from bot.speech.types import RemoteEngine
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits


def device(*, ready: bool, fault: str = "", reached: bool = True) -> RemoteDevice:
    reading = DeviceReading("a", ready, 4, 1, 7, 9.5, None, "gpu-1")
    worker = Worker("engine worker", WorkerLimits(call_seconds=1), answers=ENGINE_ANSWERS)
    return RemoteDevice(worker, RemoteEngine(reading, fault), reached=reached)


@pytest.mark.parametrize(
    ("told", "state", "reason"),
    [
        ({"ready": True}, "ok", "on gpu-1"),
        ({"ready": False}, "starting", "a free GPU"),
        ({"ready": False, "fault": "Another version."}, "failing", "Another version."),
        ({"ready": True, "reached": False}, "starting", "cannot be asked"),
    ],
)
async def test_its_condition_says_what_it_waits_for(
    told: dict[str, Any], state: str, reason: str
) -> None:
    condition = device(**told).condition()
    assert condition.state == state
    assert reason in condition.reason


async def test_what_was_told_before_its_worker_was_lost_is_not_shown_as_ready() -> None:
    reading = device(ready=True, reached=False).reading()
    assert (reading.ready, reading.sentences, reading.machine) == (False, 7, "gpu-1")


async def test_health_shows_those_that_are_there_just_now() -> None:
    there = {"a": device(ready=True).condition}
    health = Health()
    health.watch("engine", device(ready=True).condition)
    health.watch("pacer", device(ready=True).condition)
    health.watch_each("engine", lambda: there)
    assert [part.part for part in health.snapshot().parts] == ["engine", "engine a", "pacer"]
    there.clear()
    assert [part.part for part in health.snapshot().parts] == ["engine", "pacer"]
