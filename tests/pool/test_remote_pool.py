"""Sentences among engines that come and go, without a network: members do as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.errors import EngineError
from bot.pool.remote_pool import MemberLostError, RemotePool
from bot.speech.types import EngineInfo, Speech, SynthesisRequest, SynthesisResult
from tests.speech.continuous_engine import sentence
from tests.speech.slot_engine import settle


class Member:
    """Keeps each sentence until the test lets it end, or is lost."""

    def __init__(self, name: str, slots: int = 2) -> None:
        self.name, self.ready = name, True
        self.knows: frozenset[str] = frozenset()
        self.has: dict[str, asyncio.Future[SynthesisResult]] = {}
        self.info: EngineInfo | None = EngineInfo(
            "piper", "test", "cuda", clones=False, reason="", load_seconds=0.0, slots=slots
        )

    async def speak(self, request: SynthesisRequest) -> SynthesisResult:
        self.has[request.text] = asyncio.get_running_loop().create_future()
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


async def test_a_lost_members_sentences_go_to_the_other_one_by_one(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    submit(pool, "1", "2", "3", "4")
    await settle()
    theirs, ours = list(a.has), list(b.has)
    a.lose()
    await settle()
    assert list(b.has) == ours  # which were under way, and share nothing with the others
    for text in ours:
        b.finish(text)
    await settle()
    assert list(b.has) == theirs[:1]
    b.finish(theirs[0])
    await settle()
    b.finish(theirs[1])
    await settle()
    assert sorted(done) == [0, 1, 2, 3]
    assert all(isinstance(result, Speech) for result in done.values())


async def test_a_sentence_that_two_were_lost_over_is_given_up(
    pool: RemotePool, a: Member, b: Member, done: dict[int, SynthesisResult]
) -> None:
    submit(pool, "poison")
    await settle()
    first, second = (a, b) if a.has else (b, a)
    first.lose()
    await settle()
    second.lose()
    await settle()
    assert isinstance(done[0], EngineError)
    assert not len(pool)


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
