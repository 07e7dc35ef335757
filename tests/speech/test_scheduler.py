"""Whose sentence comes next, with an engine that speaks when the test lets it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.errors import BusyError, EngineError
from bot.operations.figures import SentenceFacts
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult, VoiceReference
from tests.pool.simulated import simulate

VOICE = VoiceReference(Path("clip"), "0" * 64)
SPEECH = Speech((b"p",), 0.02)


class SteppedEngine:
    """Keeps each batch until `step`; texts that contain "bad" break it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.given_up = 0
        self._steps = asyncio.Semaphore(0)

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        texts = [request.text for request in batch]
        self.batches.append(texts)
        try:
            await self._steps.acquire()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if any("bad" in text for text in texts):
            raise EngineError("broken")
        return [SPEECH] * len(texts)

    async def step(self, count: int = 1) -> None:
        """Let `count` batches end, each after the scheduler has chosen it."""
        for _ in range(count):
            self._steps.release()
            await settle()

    @property
    def order(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def ask(
    scheduler: FairScheduler, text: str, guild_id: int, due: float = 0.0
) -> asyncio.Task[SynthesisResult]:
    request = SynthesisRequest(text, VOICE)
    return asyncio.create_task(scheduler.synthesize(request, guild_id=guild_id, due=lambda: due))


async def test_the_guild_that_runs_out_first_comes_first() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    tasks = [ask(scheduler, "running", 9)]
    await settle()
    tasks += [ask(scheduler, "late", 1, 30.0), ask(scheduler, "soon", 2, 10.0)]
    await settle()
    await engine.step(3)
    await asyncio.gather(*tasks)
    assert engine.order == ["running", "soon", "late"]


async def test_a_guild_with_twenty_texts_delays_another_by_one_sentence_only() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    greedy = [ask(scheduler, f"greedy {i}", 1, due=float(i)) for i in range(20)]
    await settle()
    modest = ask(scheduler, "modest", 2, due=0.5)
    await settle()
    await engine.step(2)
    assert (await asyncio.wait_for(modest, 1)) is SPEECH
    assert engine.order[:2] == ["greedy 0", "modest"]
    await engine.step(19)
    await asyncio.gather(*greedy)


async def test_what_is_alone_in_flight_is_made_to_the_end_though_its_guild_is_hurried() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    chatter = ask(scheduler, "chatter", 1, due=9.0)
    await settle()
    command = ask(scheduler, "command", 1, due=0.0)
    await settle()
    await engine.step(2)
    await asyncio.gather(chatter, command)
    assert engine.order == ["chatter", "command"]
    assert engine.given_up == 0


async def test_deadlines_are_read_when_the_engine_is_free() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    due = {"a": 1.0, "b": 2.0}
    tasks = [ask(scheduler, "running", 9)]
    await settle()
    for guild_id, name in enumerate(due):
        request = SynthesisRequest(name, VOICE)
        call = scheduler.synthesize(request, guild_id=guild_id, due=lambda name=name: due[name])
        tasks.append(asyncio.create_task(call))
    await settle()
    due["a"] = 3.0
    await engine.step(3)
    await asyncio.gather(*tasks)
    assert engine.order == ["running", "b", "a"]


async def test_as_many_are_in_flight_as_the_engine_takes_on_at_once() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, at_once=lambda: 2)
    tasks = [ask(scheduler, name, guild, due=guild) for guild, name in enumerate("abc")]
    await settle()
    assert engine.order == ["a", "b"]
    await engine.step()
    assert engine.order == ["a", "b", "c"]
    await engine.step(2)
    await asyncio.gather(*tasks)


async def test_a_cancelled_sentence_gives_up_its_turn() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    running, skipped, last = (ask(scheduler, text, i) for i, text in enumerate("rsl"))
    await settle()
    skipped.cancel()
    await engine.step(2)
    await asyncio.gather(running, last)
    assert engine.order == ["r", "l"]
    assert scheduler.waiting == 0


async def test_cancelling_the_sentence_in_flight_harms_no_other() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, at_once=lambda: 2)
    first, second = ask(scheduler, "one", 1), ask(scheduler, "two", 2)
    await settle()
    first.cancel()
    await engine.step()
    assert (await second) is SPEECH


async def test_what_nobody_waits_for_is_given_up_and_makes_room() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, at_once=lambda: 2)
    skipped, other, last = (ask(scheduler, text, i) for i, text in enumerate("sol"))
    await settle()
    assert engine.order == ["s", "o"]
    skipped.cancel()
    await settle()
    assert engine.order == ["s", "o", "l"]
    assert engine.given_up == 1
    await engine.step(2)
    assert await asyncio.gather(other, last) == [SPEECH] * 2


async def test_an_engine_that_works_on_to_the_end_takes_what_is_due_then() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    skipped, late = ask(scheduler, "skipped", 1), ask(scheduler, "late", 2, due=20.0)
    await settle()
    skipped.cancel()
    await settle()
    soon = ask(scheduler, "soon", 3, due=0.0)
    await settle()
    assert engine.order == ["skipped"]
    await engine.step(3)
    assert await asyncio.gather(late, soon) == [SPEECH] * 2
    assert engine.order == ["skipped", "soon", "late"]


async def test_slots_are_for_one_sentence_of_each_guild_before_a_second() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, at_once=lambda: 3)
    tasks = [ask(scheduler, text, int(text[0])) for text in ("1a", "1b", "1c", "2a")]
    await settle()
    assert engine.order == ["1a", "2a", "1b"]
    await engine.step(4)
    await asyncio.gather(*tasks)
    assert engine.order == ["1a", "2a", "1b", "1c"]


async def test_a_sentence_that_breaks_the_engine_fails_alone() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, at_once=lambda: 2)
    good, bad = ask(scheduler, "good", 1), ask(scheduler, "bad", 2)
    await settle()
    await engine.step(2)
    assert (await good) is SPEECH
    with pytest.raises(EngineError):
        await bad


async def test_one_sentence_too_many_is_refused() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine, max_waiting=2)
    tasks = [ask(scheduler, "running", 9)]
    await settle()
    tasks += [ask(scheduler, "waits", 1), ask(scheduler, "waits", 2)]
    await settle()
    with pytest.raises(BusyError):
        await ask(scheduler, "too many", 3)
    await engine.step(3)
    await asyncio.gather(*tasks)


async def test_of_many_slots_more_may_wait() -> None:
    slots = 40
    scheduler = FairScheduler(SteppedEngine(), at_once=lambda: slots)
    tasks = [ask(scheduler, "is made", guild) for guild in range(slots)]
    await settle()
    tasks += [ask(scheduler, "waits", slots + guild) for guild in range(8 * slots)]
    await settle()
    assert scheduler.waiting == 8 * slots
    with pytest.raises(BusyError):
        await ask(scheduler, "too many", 1000)
    await scheduler.close()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_closing_ends_what_runs_and_what_waits() -> None:
    engine = SteppedEngine()
    scheduler = FairScheduler(engine)
    tasks = [ask(scheduler, "running", 1), ask(scheduler, "waits", 2)]
    await settle()
    await scheduler.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [EngineError, EngineError]
    with pytest.raises(EngineError):
        await ask(scheduler, "late", 3)


async def test_each_sentence_is_reported_with_its_wait_and_the_slots_taken() -> None:
    engine, told = SteppedEngine(), list[SentenceFacts]()
    scheduler = FairScheduler(engine, at_once=lambda: 4, on_sentence=told.append)
    tasks = [ask(scheduler, text, guild) for guild, text in enumerate(("good", "bad"))]
    await settle()
    await engine.step(2)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [facts.speech for facts in told] == [SPEECH, None]
    assert [facts.fill for facts in told] == [0.5, 0.5]
    assert all(facts.queued_seconds >= 0 and facts.seconds > 0 for facts in told)


async def test_a_sentence_that_nobody_waits_for_any_more_is_not_reported() -> None:
    engine, told = SteppedEngine(), list[SentenceFacts]()
    scheduler = FairScheduler(engine, at_once=lambda: 4, on_sentence=told.append)
    task = ask(scheduler, "withdrawn", 1)
    await settle()
    task.cancel()
    await settle()
    assert (engine.given_up, told) == (1, [])


class NotingEngine:
    """Takes `SECONDS` for a sentence, one after another as they come; notes when each is due."""

    SECONDS = 4.0

    def __init__(self) -> None:
        self.due: dict[int, float] = {}

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        (request,) = batch
        self.due[request.guild_id] = asyncio.get_running_loop().time() + request.due_seconds
        await asyncio.sleep(self.SECONDS)
        return [SPEECH]


@pytest.mark.parametrize(
    ("audible_until", "due"),
    [
        pytest.param(0.0, 0.0, id="nothing was heard when it was asked for"),
        pytest.param(3.0, 3.0, id="its audio ran out while it waited"),
        pytest.param(9.0, 9.0, id="it still hears something"),
    ],
)
def test_a_sentence_that_waited_says_since_when_its_guild_hears_nothing(
    audible_until: float, due: float
) -> None:
    async def speak() -> float:
        engine, loop = NotingEngine(), asyncio.get_running_loop()
        scheduler = FairScheduler(engine)
        await asyncio.gather(
            ask(scheduler, "first", 1),
            scheduler.synthesize(
                SynthesisRequest("waits", VOICE),
                guild_id=2,
                due=lambda: max(loop.time(), audible_until),
            ),
        )
        return engine.due[2]

    assert simulate(speak) == pytest.approx(due)


def test_a_sentence_ahead_is_late_only_since_the_one_before_it_was_over() -> None:
    async def speak() -> float:
        engine, loop = NotingEngine(), asyncio.get_running_loop()
        scheduler = FairScheduler(engine)
        made = [0.0]

        async def text() -> None:
            async def one(before: Callable[[], float], *, ahead: bool) -> None:
                await scheduler.synthesize(
                    SynthesisRequest("a sentence", VOICE),
                    guild_id=2,
                    due=lambda: max(loop.time(), made[0]) + before(),
                    ahead=ahead,
                )

            second = asyncio.create_task(one(lambda: 0.0 if made[0] else 1.0, ahead=True))
            await one(lambda: 0.0, ahead=False)
            made[0] = loop.time() + 1.0
            others = asyncio.create_task(_ask_twice(scheduler))
            await second
            await others

        await text()
        return engine.due[2]

    # Made at 4 s and heard until 5 s; two others' sentences come before the second.
    assert simulate(speak) == pytest.approx(5.0)


async def _ask_twice(scheduler: FairScheduler) -> None:
    await asyncio.gather(ask(scheduler, "other", 3), ask(scheduler, "another", 4))
