"""Sentences among engines that come and go, without a network: members do as the test says."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.errors import EngineError
from bot.pool.remote_pool import RemotePool
from bot.pool.remote_speaker import MemberLostError
from bot.speech.types import EngineInfo, Speech, SynthesisRequest, SynthesisResult
from tests.pool.simulated import simulate
from tests.speech.continuous_engine import sentence
from tests.speech.slot_engine import settle


class Member:
    """Keeps each sentence until the test lets it end, or is lost."""

    def __init__(self, name: str, slots: int = 2) -> None:
        self.name, self.ready, self.node, self.fault = name, True, "", ""
        self.sentences, self.alone = 0, False
        self.has: dict[str, asyncio.Future[SynthesisResult]] = {}
        self.due_seconds: dict[str, float] = {}
        self.info: EngineInfo | None = EngineInfo(
            "piper", "test", "cuda", clones=False, reason="", load_seconds=0.0, slots=slots
        )

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        self.has[request.text] = asyncio.get_running_loop().create_future()
        self.due_seconds[request.text] = request.due_seconds
        self.alone = request.alone
        try:
            return await self.has[request.text]
        finally:
            del self.has[request.text]

    def finish(self, text: str) -> None:
        self.has[text].set_result(Speech((text.encode(),), 0.02))

    def lose(self) -> None:
        self.ready = False
        for waiting in self.has.values():
            waiting.set_exception(MemberLostError("gone"))


@pytest.fixture
def done() -> dict[int, SynthesisResult]:
    return {}


@pytest.fixture
def a() -> Member:
    return Member("a")


@pytest.fixture
def b() -> Member:
    return Member("b")


@pytest.fixture
async def pool(done: dict[int, SynthesisResult], a: Member, b: Member) -> AsyncIterator[RemotePool]:
    pool = RemotePool(done.__setitem__)
    pool.add(a)
    pool.add(b)
    yield pool
    await pool.close()


def submit(pool: RemotePool, *texts: str) -> None:
    for ticket, text in enumerate(texts):
        pool.submit(ticket, sentence(text))


def all_of(*members: Member) -> Iterator[str]:
    for member in members:
        yield from member.has


async def test_two_share_the_work(pool: RemotePool, a: Member, b: Member) -> None:
    submit(pool, "1", "2", "3", "4")
    await settle()
    assert (len(a.has), len(b.has)) == (2, 2)


async def test_a_lost_members_sentences_go_to_the_other_at_once(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    submit(pool, "1", "2", "3", "4")
    await settle()
    a.lose()
    await settle()
    assert sorted(b.has) == ["1", "2", "3", "4"]
    for text in list(b.has):
        b.finish(text)
    await settle()
    assert sorted(done) == [0, 1, 2, 3]
    assert all(isinstance(result, Speech) for result in done.values())


async def test_what_two_were_lost_over_is_alone_in_the_third_and_then_given_up(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    busy, free = Member("busy"), Member("free")
    for member in (a, b):
        submit(pool, "poison") if member is a else None
        await settle()
        next(each for each in (a, b) if each.has).lose()
        await settle()
    await settle()
    assert "poison" not in all_of(a, b)
    pool.add(busy)
    pool.look()
    await settle()
    assert list(busy.has) == ["poison"]
    assert busy.alone  # also among other bots' sentences
    pool.submit(1, sentence("other"))
    await settle()
    assert list(busy.has) == ["poison"]  # nobody is beside it, also where there is no other engine
    pool.add(free)
    busy.lose()
    pool.look()
    await settle()
    assert isinstance(done[0], EngineError)
    assert list(free.has) == ["other"]


async def test_what_is_tried_alone_waits_for_what_its_engine_has(
    pool: RemotePool, a: Member, b: Member
) -> None:
    b.ready = False
    pool.remove("b")
    submit(pool, "1", "2")
    await settle()
    a.has["1"].set_exception(MemberLostError("gone"))  # and there again at once
    await settle()
    assert list(a.has) == ["2"]
    a.finish("2")
    await settle()
    assert list(a.has) == ["1"]


async def test_what_is_spoken_with_a_forgotten_clip_moves_to_no_other_engine(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    request = sentence("1")
    pool.submit(0, request)
    await settle()
    pool.forget(request.voice.clip_sha256)
    (a if a.has else b).lose()
    await settle()
    assert isinstance(done[0], EngineError)
    assert not list(all_of(a, b))


async def test_what_other_bots_gave_an_engine_counts_where_a_sentence_goes(
    pool: RemotePool, a: Member, b: Member
) -> None:
    a.sentences = 3
    pool.look()
    submit(pool, "1", "2")
    await settle()
    assert (sorted(a.has), sorted(b.has)) == ([], ["1", "2"])


async def test_how_quick_an_engine_is_is_what_it_says_that_it_worked(
    pool: RemotePool, a: Member, b: Member
) -> None:
    submit(pool, "abcdefgh")
    await settle()
    member, name = (a, "a") if a.has else (b, "b")
    worked = {"decode": 0.6, "vocode": 0.2, "conditionals": 1.0}
    member.has["abcdefgh"].set_result(Speech((), 0.02, timings=worked))
    await settle()
    replica = next(each for each in pool.replicas if each.name == name)
    assert replica.speed is not None
    assert replica.speed.per_letter == pytest.approx(0.1)
    assert (replica.speed.preparing, replica.speed.serial) == (1.0, 0.2)
    assert (replica.reading().sentences, replica.reading().working) == (1, 0)


async def test_what_hangs_in_a_member_that_answers_no_more_is_moved(
    pool: RemotePool, a: Member, b: Member
) -> None:
    submit(pool, "1")
    await settle()
    silent, other = (a, b) if a.has else (b, a)
    silent.ready = False
    pool.look()
    await settle()
    assert (list(silent.has), list(other.has)) == ([], ["1"])


async def test_what_is_given_up_is_given_up_there(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    submit(pool, "1")
    await settle()
    pool.withdraw(0)
    await settle()
    assert not list(all_of(a, b))
    assert not done


async def test_what_nobody_can_take_waits_for_who_joins(
    pool: RemotePool, a: Member, b: Member
) -> None:
    a.ready = b.ready = False
    submit(pool, "1")
    await settle()
    joined = Member("c")
    pool.add(joined)
    pool.look()
    await settle()
    assert list(all_of(a, b, joined)) == ["1"]


async def test_a_failed_sentence_is_told_and_takes_nobody_down(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    submit(pool, "1")
    await settle()
    (a if a.has else b).has["1"].set_exception(ZeroDivisionError())
    await settle()
    assert isinstance(done[0], EngineError)


async def test_closed_it_leaves_nothing_in_a_member(pool: RemotePool, a: Member, b: Member) -> None:
    submit(pool, "1", "2", "3")
    await settle()
    await pool.close()
    assert not list(all_of(a, b))
    assert not len(pool)


async def test_what_waits_in_an_engine_of_one_slot_is_lost_with_it_and_spoken_in_the_end(
    done: dict[int, SynthesisResult],
) -> None:
    pool, members = RemotePool(done.__setitem__), [Member(name, slots=1) for name in "ab"]
    for member in members:
        pool.add(member)
    submit(pool, "poison", "beside it", "beside it, too")
    for _ in range(20):
        await settle()
        for member in members:
            if "poison" in member.has:
                member.lose()
        await settle()
        for text in list(all_of(*members)):
            if text != "poison":
                next(member for member in members if text in member.has).finish(text)
                break
        for member in members:
            member.ready = True
        pool.look()
    assert [isinstance(done[ticket], Speech) for ticket in range(3)] == [False, True, True]
    await pool.close()


def test_what_waited_for_an_engine_is_needed_the_sooner() -> None:
    async def wait() -> float:
        pool, member = RemotePool(lambda ticket, result: None), Member("a")
        member.ready = False
        pool.add(member)
        pool.submit(1, dataclasses.replace(sentence("waits"), due_seconds=3.0))
        await asyncio.sleep(5.0)
        member.ready = True
        pool.look()
        await settle()
        await pool.close()
        return member.due_seconds["waits"]

    assert simulate(wait) == pytest.approx(-2.0)
