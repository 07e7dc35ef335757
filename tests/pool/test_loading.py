"""How the engines of a pool come up, in simulated time."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from bot.errors import EngineDeadError
from tests.pool.simulated import SimulatedMember, loaded, members, pool_of, request, said, simulate


def test_it_speaks_as_soon_as_one_of_them_is_loaded() -> None:
    async def work() -> None:
        slow = SimulatedMember("cuda:1", load=60.0)
        pool = pool_of([SimulatedMember("cuda:0", slots=4), slow])
        info = await pool.start()
        assert asyncio.get_running_loop().time() == 5.0
        assert (pool.ready, pool.slots, info.device) == (True, 4, "cuda:0")
        grown = asyncio.Event()
        pool.on_slots = grown.set
        await grown.wait()
        assert (asyncio.get_running_loop().time(), pool.slots) == (60.0, 5)
        assert pool.info is not None
        assert (pool.info.device, pool.info.slots) == ("cuda:0, cuda:1", 5)
        await pool.close()

    simulate(work)


def test_when_none_can_be_loaded_it_says_why_of_each() -> None:
    async def work() -> None:
        given = members(2)
        given[0].broken, given[1].broken = "No such card.", "It is too small."
        pool = pool_of(given)
        with pytest.raises(EngineDeadError) as caught:
            await pool.synthesize([request("hello")])
        assert str(caught.value) == "cuda:0: No such card. cuda:1: It is too small."
        assert caught.value.for_members == "It is out of order."
        assert pool.condition().state == "failing"
        given[1].broken = ""
        pool.load_again()
        while not pool.ready:
            await asyncio.sleep(1)
        await pool.close()

    simulate(work)


def test_one_that_fails_leaves_the_others_speaking_and_is_tried_again() -> None:
    async def work() -> None:
        broken, sound = given = members(2)
        broken.broken = "No such card."
        pool = pool_of(given, settled=False)
        await pool.start()
        assert pool.condition().state == "ok"
        assert "1 of 2 engines speak. cuda:0: No such card." in pool.condition().reason
        assert broken.told[:3] == ["load at 0", "settle simulated", "load again"]
        assert sound.told == ["load at 5"]
        await pool.close()

    simulate(work)


def test_where_loading_decides_about_the_model_all_take_that_of_the_first() -> None:
    async def work() -> None:
        given = [
            SimulatedMember(f"cuda:{number}", model=model)
            for number, model in enumerate(["english", "nano", "turbo"])
        ]
        pool = pool_of(given, settled=False)
        await pool.start()
        await asyncio.sleep(6)
        assert pool.slots == 3
        assert given[1].told == given[2].told == ["settle english", "load at 5"]
        await pool.close()

    simulate(work)


def test_on_a_cpu_they_are_loaded_one_after_the_other() -> None:
    async def work() -> None:
        given = members(3)
        pool = pool_of(given, together=False)
        await pool.start()
        await asyncio.sleep(11)
        assert [member.told for member in given] == [["load at 0"], ["load at 5"], ["load at 10"]]
        await pool.close()

    simulate(work)


def test_one_with_another_model_is_given_nothing_and_told_of() -> None:
    async def work() -> None:
        other = SimulatedMember("cuda:1", model="other", load=6.0)
        pool = pool_of([SimulatedMember("cuda:0"), other])
        await pool.start()
        await asyncio.sleep(2)
        assert other.told[-1] == "closed"
        assert pool.slots == 1
        told = pool.devices[1].condition()
        assert told.state == "failing"
        assert told.reason == (
            "It loaded other, and cuda:0 speaks with simulated. All have to load the same: set "
            "engine.model to it, or take cuda:1 out of engine.devices."
        )
        await pool.close()

    simulate(work)


def test_engines_that_compute_in_different_numbers_are_told_of() -> None:
    async def work() -> None:
        given = members(3)
        given[0].computes = "T3 in bf16 (bf16 takes 0.61 of the time here)"
        given[1].computes = "T3 in bf16 (bf16 takes 0.62 of the time here)"
        given[2].computes = "T3 in fp32"
        with structlog.testing.capture_logs() as lines:
            pool = await loaded(given)
        assert [line["device"] for line in lines] == ["cuda:2"]
        await pool.close()

    simulate(work)


def test_one_that_fails_when_another_speaks_already_is_tried_again() -> None:
    async def work() -> None:
        late = SimulatedMember("cuda:1", load=20.0)
        late.broken = "CUDA out of memory"
        pool = pool_of([SimulatedMember("cuda:0"), late])
        await pool.start()
        await asyncio.sleep(16)
        assert "cuda:1: CUDA out of memory" in pool.condition().reason
        late.broken = ""
        await asyncio.sleep(40)
        assert pool.slots == 2
        assert late.told[:3] == ["load at 0", "load again", "load at 20"]
        await pool.close()

    simulate(work)


def test_who_waits_for_an_engine_waits_on_when_it_is_lost_as_it_comes() -> None:
    async def work() -> None:
        first, second = SimulatedMember("cuda:0"), SimulatedMember("cuda:1", load=60.0)
        pool = pool_of([first, second])
        lost = False

        def lose() -> None:
            nonlocal lost
            if not lost:
                lost = True
                first.lose()

        pool.on_slots = lose
        await pool.start()
        assert (first.ready, asyncio.get_running_loop().time()) == (True, 10.0)
        await pool.close()

    simulate(work)


def test_the_only_one_that_is_lost_as_it_comes_is_waited_for() -> None:
    async def work() -> None:
        (member,) = given = members(1)
        pool = pool_of(given)
        losses = iter([True, True, False])
        pool.on_slots = lambda: member.lose() if next(losses) else None
        (result,) = await pool.synthesize([request("hello")])
        assert said(result) == ("cuda:0", "hello")
        await pool.close()

    simulate(work)


def test_closed_while_it_loads_it_ends_who_waits() -> None:
    async def work() -> None:
        given = members(2)
        pool = pool_of(given)
        starting = asyncio.create_task(pool.start())
        speaking = asyncio.create_task(pool.synthesize([request("hello")]))
        await asyncio.sleep(1)
        await pool.close()
        for waiting in (starting, speaking):
            with pytest.raises(EngineDeadError):
                await waiting
        assert [member.told[-1] for member in given] == ["closed", "closed"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    simulate(work)
