"""A pool of simulated engines, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
import structlog

from bot.errors import EngineDeadError, EngineError
from bot.pool.member import Member
from bot.pool.pool import EnginePool
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisResult
from tests.pool.simulated import SimulatedMember, request, simulate


def pool_of(
    members: Sequence[Member], *, settled: bool = True, together: bool = True
) -> EnginePool:
    clock = asyncio.get_running_loop().time
    return EnginePool(members, settled=settled, together=together, clock=clock)


def members(count: int, *, slots: int = 1, seconds: float = 1.0) -> list[SimulatedMember]:
    return [
        SimulatedMember(f"cuda:{number}", slots=slots, seconds=seconds) for number in range(count)
    ]


async def loaded(given: Sequence[SimulatedMember]) -> EnginePool:
    """Return a pool all of whose engines are there."""
    pool = pool_of(given)
    await pool.start()
    while not all(member.ready for member in given):
        await asyncio.sleep(1)
    for member in given:
        member.told.clear()
    return pool


def scheduler_of(pool: EnginePool) -> FairScheduler:
    scheduler = FairScheduler(
        pool,
        at_once=lambda: pool.slots,
        company_slows=lambda: pool.company_slows,
        withdraws=lambda: pool.withdraws,
    )
    pool.on_slots = scheduler.look
    return scheduler


def said(result: SynthesisResult) -> tuple[str, str]:
    """Return which engine made it, and of which text."""
    assert isinstance(result, Speech)
    engine, text = result.packets
    return engine.decode(), text.decode()


async def seconds_for(engines: int, sentences: int) -> float:
    pool = await loaded(members(engines))
    scheduler = scheduler_of(pool)
    now = asyncio.get_running_loop().time
    begun = now()
    await asyncio.gather(
        *(
            scheduler.synthesize(request(f"sentence {number}"), guild_id=number, due=lambda: 0.0)
            for number in range(sentences)
        )
    )
    took = now() - begun
    await pool.close()
    return took


def test_eight_engines_do_the_work_of_seven_and_a_half_or_more() -> None:
    async def work() -> None:
        assert await seconds_for(1, 64) / await seconds_for(8, 64) >= 7.5

    simulate(work)


def test_a_new_server_does_not_wait_for_anothers_backlog() -> None:
    async def work() -> None:
        pool = await loaded(members(2))
        scheduler, now = scheduler_of(pool), asyncio.get_running_loop().time
        busy = [
            asyncio.create_task(
                scheduler.synthesize(
                    request(f"long {number}"), guild_id=1, due=partial(float, number)
                )
            )
            for number in range(40)
        ]
        await asyncio.sleep(3.5)
        asked = now()
        await scheduler.synthesize(request("new"), guild_id=2, due=now)
        assert now() - asked <= 2.0  # one sentence in flight, and its own
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await scheduler.close()
        await pool.close()

    simulate(work)


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


def test_what_a_lost_engine_had_goes_to_the_others_at_once() -> None:
    async def work() -> None:
        first, second = given = members(2, slots=4)
        pool = await loaded(given)
        speaking = asyncio.create_task(pool.synthesize([request(f"{n}") for n in range(4)]))
        await asyncio.sleep(0.5)
        assert len(first.told) == len(second.told) == 2
        first.lose()
        results = await speaking
        assert {said(result) for result in results} == {("cuda:1", f"{n}") for n in range(4)}
        assert asyncio.get_running_loop().time() == pytest.approx(6.5)
        assert sorted(first.spoken + second.spoken) == ["0", "1", "2", "3"]
        await pool.close()

    simulate(work)


def test_a_sentence_that_takes_engines_down_takes_no_other_with_it() -> None:
    async def work() -> None:
        given = members(3, slots=8)
        pool = await loaded(given)
        bad = asyncio.create_task(pool.synthesize([request("poison")]))
        innocent = [asyncio.create_task(pool.synthesize([request(f"{n}")])) for n in range(23)]
        (outcome,) = await bad
        assert isinstance(outcome, EngineError)
        assert "Try other words" in str(outcome)
        results = await asyncio.gather(*innocent)
        assert [said(result)[1] for (result,) in results] == [f"{n}" for n in range(23)]
        spoken = [text for member in given for text in member.spoken]
        assert sorted(spoken) == sorted(f"{n}" for n in range(23)), "each of them once"
        tries = [told for member in given for told in member.told if told.startswith("poison")]
        assert sorted(tries) == ["poison", "poison", "poison alone"]
        assert pool.ready
        await pool.close()

    simulate(work)


def test_a_sentence_that_had_its_engine_to_itself_is_tried_twice() -> None:
    async def work() -> None:
        given = members(3)
        pool = await loaded(given)
        (outcome,) = await pool.synthesize([request("poison")])
        assert isinstance(outcome, EngineError)
        assert sum(told == "poison" for member in given for told in member.told) == 2
        await pool.close()

    simulate(work)


def test_when_all_are_lost_a_sentence_waits_for_the_first_that_is_back() -> None:
    async def work() -> None:
        given = members(2)
        pool = await loaded(given)
        for member in given:
            member.lose()
        assert (pool.ready, pool.condition().state) == (False, "starting")
        (result,) = await pool.synthesize([request("hello")])
        assert isinstance(result, Speech)
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


def test_a_clip_is_forgotten_when_all_have_forgotten_it() -> None:
    async def work() -> None:
        given = members(3)
        pool = await loaded(given)
        await pool.forget("clip")
        assert [member.told for member in given] == [["forgot clip"]] * 3
        await pool.close()

    simulate(work)


def test_what_is_spoken_with_a_forgotten_clip_moves_to_no_other_engine() -> None:
    async def work() -> None:
        first, second = given = members(2)
        pool = await loaded(given)
        speaking = asyncio.create_task(pool.synthesize([request("hello", "clip")]))
        await asyncio.sleep(0.5)
        forgetting = asyncio.create_task(pool.forget("clip"))
        await asyncio.sleep(0)
        first.lose()
        (outcome,) = await speaking
        assert isinstance(outcome, EngineError)
        assert "hello" not in second.told
        await forgetting
        await pool.close()

    simulate(work)


def test_a_cancelled_sentence_is_cancelled_in_its_engine() -> None:
    async def work() -> None:
        (member,) = given = members(1, slots=2)
        pool = await loaded(given)
        speaking = asyncio.create_task(pool.synthesize([request("hello")]))
        await asyncio.sleep(0.5)
        speaking.cancel()
        await asyncio.wait([speaking])
        assert member.told == ["hello", "cancelled hello"]
        assert pool.devices[0].reading().working == 0
        await pool.close()

    simulate(work)


def test_engines_join_and_leave() -> None:
    async def work() -> None:
        (first,) = given = members(1)
        pool = await loaded(given)
        second = SimulatedMember("cuda:9")
        pool.add(second)
        await asyncio.sleep(6)
        assert pool.slots == 2
        speaking = asyncio.create_task(pool.synthesize([request("hello")]))
        await asyncio.sleep(0.5)
        assert first.told == ["hello"]
        await pool.remove("cuda:0")
        (result,) = await speaking
        assert said(result)[0] == "cuda:9"
        assert (pool.slots, first.told[-1]) == (1, "closed")
        await pool.close()

    simulate(work)


def test_closed_it_refuses() -> None:
    async def work() -> None:
        pool = await loaded(members(2))
        await pool.close()
        assert (pool.ready, pool.condition().state) == (False, "off")
        with pytest.raises(EngineDeadError, match="shut down"):
            await pool.synthesize([request("hello")])

    simulate(work)
