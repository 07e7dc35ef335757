"""How the parts of the program are, and since when."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.condition import Condition
from bot.gateway_state import GatewayState
from bot.operations import health as health_module
from bot.operations.health import EVENT_LOOP, Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_part_is_asked_each_time(clock: Clock) -> None:
    health, state = Health(clock), [Condition("starting")]
    health.watch("engine", lambda: state[0])
    assert not health.snapshot().ok
    state[0] = Condition("ok")
    assert health.snapshot().ok


def test_it_is_known_since_when_a_state_lasts(clock: Clock) -> None:
    health, state = Health(clock), [Condition("ok")]
    health.watch("engine", lambda: state[0])
    health.snapshot()
    clock.now += 5
    state[0] = Condition("failing", "It stopped.")
    health.snapshot()
    clock.now += 2
    part = health.snapshot().part("engine")
    assert part is not None
    assert (part.state, part.reason, part.seconds) == ("failing", "It stopped.", 2.0)


def test_a_part_that_knows_since_when_is_believed(clock: Clock) -> None:
    health = Health(clock)
    health.watch("discord", lambda: Condition("failing", since=clock.now - 30))
    assert health.snapshot().parts[0].seconds == 30.0


def test_the_next_try_counts_down(clock: Clock) -> None:
    health = Health(clock)
    health.report("engine", Condition("failing", "It stopped.", next_try=clock.now + 8))
    clock.now += 3
    assert health.snapshot().parts[0].next_try_seconds == 5.0
    clock.now += 30
    assert health.snapshot().parts[0].next_try_seconds == 0.0


def test_what_is_watched_takes_the_place_of_what_was_reported(clock: Clock) -> None:
    health = Health(clock)
    health.report("discord", Condition("failing"))
    health.watch("discord", lambda: Condition("ok"))
    assert [part.state for part in health.snapshot().parts] == ["ok"]


def test_what_a_part_is_made_of_is_told_behind_it_as_it_comes_and_goes(clock: Clock) -> None:
    health = Health(clock)
    there = {"cuda:0": lambda: Condition("ok"), "cuda:1": lambda: Condition("failing", "No card.")}
    health.watch("engine", lambda: Condition("ok", "1 of 2 engines speak. cuda:1: No card."))
    health.watch("database", lambda: Condition("ok"))
    health.watch_each("engine", lambda: there)
    report = health.snapshot()
    assert [part.part for part in report.parts] == [
        "engine",
        "engine cuda:0",
        "engine cuda:1",
        "database",
    ]
    lost = report.part("engine cuda:1")
    assert lost is not None
    assert (report.ok, lost.state, lost.reason) == (False, "failing", "No card.")
    del there["cuda:1"]
    assert health.snapshot().ok


def test_a_report_is_json(clock: Clock) -> None:
    health = Health(clock)
    health.report("engine", Condition("off", restarts=2, last_error="It stopped."))
    assert json.loads(json.dumps(health.snapshot().as_json())) == {
        "ok": True,
        "parts": [
            {
                "part": "engine",
                "state": "off",
                "reason": "",
                "seconds": 0.0,
                "next_try_seconds": None,
                "restarts": 2,
                "last_error": "It stopped.",
            }
        ],
    }


async def test_a_blocked_event_loop_is_told_of_for_a_while(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "LOOK_SECONDS", 0.001)
    async with Health(clock).running() as health:

        async def told(state: str) -> str:
            async with asyncio.timeout(5):
                while True:
                    part = health.snapshot().part(EVENT_LOOP)
                    assert part is not None
                    if part.state == state:
                        return part.reason
                    await asyncio.sleep(0)

        await asyncio.sleep(0)  # it has begun to wait
        await told("ok")
        clock.now += 20
        assert "blocked for 20 s" in await told("failing")
        for _ in range(20):  # steps that are no delay themselves
            clock.now += health_module.LAG_SECONDS - 1
            await asyncio.sleep(0.01)
        await told("ok")


def test_a_lost_shard_fails_until_it_is_back(clock: Clock) -> None:
    gateway = GatewayState(clock)

    def state() -> str:
        return gateway.condition(connected=True, ready=True, closing=False).state

    gateway.lost(1)
    clock.now += 1
    gateway.lost(1)
    condition = gateway.condition(connected=True, ready=True, closing=False)
    assert (condition.state, condition.since) == ("failing", 100.0)
    assert "shard 1" in condition.reason
    gateway.back(1)
    assert state() == "ok"


@pytest.mark.parametrize(
    ("connected", "ready", "closing", "state"),
    [
        (False, False, False, "starting"),
        (True, False, False, "starting"),
        (True, True, False, "ok"),
        (True, True, True, "off"),
    ],
)
def test_the_life_of_a_connection(
    connected: bool, ready: bool, closing: bool, state: str, clock: Clock
) -> None:
    told = GatewayState(clock).condition(connected=connected, ready=ready, closing=closing)
    assert told.state == state
