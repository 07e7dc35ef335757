"""Sentences of several callers in one engine, through its worker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from bot.errors import EngineError
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec, Speech, SynthesisResult
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from tests.speech.continuous_engine import open_continuous, sentence

LONG = "x" * 200
ENDLESS = "x" * 1_000_000


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[EngineClient]:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    client = EngineClient(
        worker, EngineSpec(), open_engine=open_continuous, sentence_seconds=5, clock=clock
    )
    await client.start()
    yield client
    await client.close()


def packet(results: list[SynthesisResult]) -> bytes:
    (speech,) = results
    assert isinstance(speech, Speech)
    return speech.packets[0]


async def test_a_sentence_joins_the_one_under_way_and_leaves_before_it(
    client: EngineClient,
) -> None:
    long = asyncio.create_task(client.synthesize([sentence(LONG)]))
    await asyncio.sleep(0)  # it is handed over first
    short = await client.synthesize([sentence("short")])
    assert packet(short) == f"{LONG},short".encode()
    assert not long.done()
    assert packet(await long) == LONG.encode()


async def test_results_come_in_the_order_of_the_batch(client: EngineClient) -> None:
    later, sooner = await client.synthesize([sentence("later one"), sentence("soon")])
    assert packet([sooner]) == b"later one,soon"
    assert packet([later]) == b"later one"


async def test_a_caller_that_leaves_changes_nothing_for_the_others(client: EngineClient) -> None:
    leaving = asyncio.create_task(client.synthesize([sentence("leaving")]))
    staying = asyncio.create_task(client.synthesize([sentence("staying on")]))
    await asyncio.sleep(0)
    leaving.cancel()
    assert packet(await staying) == b"staying on"
    assert leaving.cancelled()


async def until_handed_over(client: EngineClient, count: int) -> None:
    async with asyncio.timeout(60):
        while len(client._exchange._limits) < count:
            await asyncio.sleep(0.01)


async def test_a_sentence_that_takes_too_long_is_given_up(
    client: EngineClient, clock: Clock
) -> None:
    endless = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    await until_handed_over(client, 1)
    clock.now = 5.5
    (given_up,) = await endless
    assert isinstance(given_up, EngineError)
    assert str(given_up) == "This sentence took over 5 s and was given up. Try a shorter one."
    assert packet(await client.synthesize([sentence("next")])) == b"next"


async def test_an_engine_that_finishes_nothing_again_is_replaced_and_the_sentence_tried_anew(
    client: EngineClient, clock: Clock
) -> None:
    former = client._worker.pid
    for late in (5.5, 11.5):
        speaking = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
        await until_handed_over(client, 1)
        clock.now = late
        results = await speaking
    assert client._worker.pid != former
    assert packet(results) == b"alone"


async def test_others_go_on_and_have_their_own_time(client: EngineClient, clock: Clock) -> None:
    endless = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    await until_handed_over(client, 1)
    clock.now = 9.0
    later = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    (given_up,) = await endless
    assert "took over 5 s" in str(given_up)
    assert not later.done()
    later.cancel()
    assert client.ready


async def test_company_gives_a_sentence_more_time(client: EngineClient, clock: Clock) -> None:
    """It may wait for the others in the engine; alone it would have been done."""
    both = asyncio.create_task(client.synthesize([sentence(ENDLESS), sentence(ENDLESS)]))
    await until_handed_over(client, 2)
    clock.now = 9.9
    await asyncio.wait([both], timeout=0.3)  # some calls
    assert not both.done()
    clock.now = 10.1
    assert {str(given_up) for given_up in await both} == {
        "This sentence took over 10 s and was given up. Try a shorter one."
    }


async def test_what_a_caller_asked_for_that_left_is_given_up(client: EngineClient) -> None:
    leaving = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    await client.synthesize([sentence("meanwhile")])
    leaving.cancel()
    await asyncio.wait([leaving])
    await client.synthesize([sentence("the next call takes it along")])
    assert packet(await client.synthesize([sentence("next")])) == b"next"


async def test_the_last_caller_that_leaves_leaves_nothing_behind(client: EngineClient) -> None:
    leaving = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    await client.synthesize([sentence("meanwhile")])
    leaving.cancel()
    calling = client._exchange._calling
    assert calling is not None
    await calling  # without anybody who waits it would go on for minutes
    assert packet(await client.synthesize([sentence("next")])) == b"next"


async def test_a_request_withdrawn_before_the_engine_has_it_is_never_handed_over(
    client: EngineClient,
) -> None:
    leaving = asyncio.create_task(client.synthesize([sentence(ENDLESS)]))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert packet(await client.synthesize([sentence("next")])) == b"next"


async def test_the_sentence_that_ends_the_worker_fails_and_the_others_are_spoken(
    client: EngineClient,
) -> None:
    crash = asyncio.create_task(client.synthesize([sentence("crash")]))
    good = asyncio.create_task(client.synthesize([sentence("good")]))
    with pytest.raises(EngineError, match="could not be spoken"):
        await crash
    assert packet(await good) == b"alone"
    assert packet(await client.synthesize([sentence("next")])) == b"next"


async def test_a_sentence_that_is_tried_again_shares_the_engine_with_nobody(
    client: EngineClient,
) -> None:
    retried = asyncio.create_task(client.synthesize([sentence(LONG)]))
    await client.synthesize([sentence("meanwhile")])
    assert client._worker.pid is not None
    os.kill(client._worker.pid, signal.SIGKILL)
    while client.ready:
        await asyncio.sleep(0.01)
    assert packet(await client.synthesize([sentence("new")])) == b"alone"
    assert packet(await retried) == b"alone"
    assert packet(await client.synthesize([sentence("next")])) == b"next"
