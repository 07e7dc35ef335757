"""A pool of simulated engines, in simulated time."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from bot.errors import EngineDeadError, EngineError
from bot.pool.pool import EnginePool
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, VoiceSettings
from tests.pool.simulated import (
    SimulatedMember,
    loaded,
    members,
    pool_of,
    request,
    said,
    simulate,
)


def scheduler_of(pool: EnginePool) -> FairScheduler:
    scheduler = FairScheduler(
        pool,
        at_once=lambda: pool.slots,
        company_slows=lambda: pool.company_slows,
        withdraws=lambda: pool.withdraws,
        most_takes=lambda: pool.most_takes,
    )
    pool.on_slots = scheduler.look
    return scheduler


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


def test_a_sentence_goes_to_the_engine_that_was_measured_to_be_quicker() -> None:
    async def work() -> None:
        given = [SimulatedMember("slow", seconds=3.0), SimulatedMember("quick", seconds=0.5)]
        pool = await loaded(given)
        await pool.synthesize([request("one"), request("other")])  # each is measured
        made = [await pool.synthesize([request(f"{number}")]) for number in range(5)]
        assert {said(result)[0] for (result,) in made} == {"quick"}
        await pool.close()

    simulate(work)


def test_a_sentence_goes_where_its_voice_is_prepared_until_another_would_be_done_first() -> None:
    async def work() -> None:
        given = [SimulatedMember(name, slots=2, preparing=5.0) for name in ("one", "other")]
        pool = await loaded(given)
        made = await pool.synthesize([request("first", "a"), request("second", "b")])
        assert [said(result)[0] for result in made] == ["one", "other"]
        made = await pool.synthesize([request(f"{number}", "b") for number in range(6)])
        assert {said(result)[0] for result in made} == {"other"}
        made = await pool.synthesize([request(f"{number}", "b") for number in range(16)])
        assert {said(result)[0] for result in made} == {"one", "other"}
        await pool.close()

    simulate(work)


def test_an_engine_that_was_lost_has_no_voice_prepared() -> None:
    async def work() -> None:
        one, other = given = [SimulatedMember(name, preparing=5.0) for name in ("one", "other")]
        pool = await loaded(given)
        await pool.synthesize([request("first", "a"), request("second", "b")])
        one.lose()
        await pool.synthesize([request("third", "a")])
        while not one.ready:
            await asyncio.sleep(1)
        (result,) = await pool.synthesize([request("fourth", "a")])
        assert said(result)[0] == "other"
        assert other.spoken == ["second", "third", "fourth"]
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


def test_one_that_is_missing_does_not_keep_the_others_from_giving_up_a_sentence() -> None:
    async def work() -> None:
        first, missing = given = members(2, slots=2)
        missing.slots, missing.broken = 1, "No such card."  # as one that never told how many
        pool = pool_of(given)
        scheduler = scheduler_of(pool)
        await pool.start()
        now = asyncio.get_running_loop().time
        ask = partial(scheduler.synthesize, due=now)
        skipped = [
            asyncio.create_task(ask(request(f"{number}"), guild_id=number)) for number in (1, 2)
        ]
        await asyncio.sleep(0.5)
        for task in skipped:
            task.cancel()
        asked = now()
        await ask(request("next"), guild_id=3)
        assert now() - asked == pytest.approx(1.0)
        assert {"cancelled 1", "cancelled 2"} <= set(first.told)
        await scheduler.close()
        await pool.close()

    simulate(work)


def test_a_sentence_of_several_takes_keeps_no_more_slots_than_one_engine_has() -> None:
    async def work() -> None:
        pool = await loaded(members(4))
        scheduler, now = scheduler_of(pool), asyncio.get_running_loop().time
        asked = now()
        takes = [
            SynthesisRequest(f"{n}", request("").voice, settings=VoiceSettings(takes=4))
            for n in range(4)
        ]
        await asyncio.gather(
            *(
                scheduler.synthesize(each, guild_id=number, due=lambda: 0.0)
                for number, each in enumerate(takes)
            )
        )
        assert now() - asked == pytest.approx(1.0)
        assert pool.info is not None
        assert (pool.info.slots, pool.info.most_takes) == (4, 1)
        await scheduler.close()
        await pool.close()

    simulate(work)


def test_closed_it_refuses() -> None:
    async def work() -> None:
        pool = await loaded(members(2))
        await pool.close()
        assert (pool.ready, pool.condition().state) == (False, "off")
        with pytest.raises(EngineDeadError, match="shut down"):
            await pool.synthesize([request("hello")])
        pool.load_again()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    simulate(work)
