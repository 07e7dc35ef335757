"""A pool behind the scheduler, with engines that are lost and voices that go at any time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineError
from bot.pool.pool import EnginePool
from bot.speech.ahead import SentencesAhead
from bot.speech.scheduler import FairScheduler
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult
from tests.pool.simulated import SimulatedMember, pool_of, request, said, simulate
from tests.pool.test_pool import scheduler_of

SECONDS = st.integers(1, 80).map(lambda quarters: quarters / 4 + 0.01)
MEMBERS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([0.5, 1.0, 2.5]), st.sampled_from([1.0, 6.0])),
    min_size=1,
    max_size=4,
)
"""Slots, seconds of a sentence, and of loading."""

TEXTS = st.lists(st.integers(1, 6), min_size=1, max_size=8)
"""Sentences that each server has said."""

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["lose", "lose", "break", "skip", "forget"]), SECONDS, st.integers(0, 7)
    ),
    max_size=8,
)
POISON = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=2)

Sizes = list[tuple[int, float, float]]


class Story:
    """What happens to some servers: each listens to one text, in a voice of its own."""

    def __init__(self, sizes: Sizes, texts: list[int], poison: set[tuple[int, int]]) -> None:
        self.members = [
            SimulatedMember(f"cuda:{number}", slots=slots, seconds=seconds, load=load)
            for number, (slots, seconds, load) in enumerate(sizes)
        ]
        self.pool: EnginePool = pool_of(self.members)
        self.scheduler: FairScheduler = scheduler_of(self.pool)
        self.texts = [
            [f"{'poison ' * ((server, n) in poison)}{server}.{n}" for n in range(sentences)]
            for server, sentences in enumerate(texts)
        ]
        self.heard: list[list[SynthesisResult]] = [[] for _ in texts]
        self.gone: set[int] = set()
        self.skipped: set[int] = set()
        self.listening = [asyncio.create_task(self._listen(n)) for n in range(len(texts))]

    async def _listen(self, server: int) -> None:
        now = asyncio.get_running_loop().time
        silent_from = now()
        lane = self.scheduler.lane(server, lambda: silent_from)
        ahead = SentencesAhead(lane, self.texts[server], self._request)
        async with aclosing(ahead.spoken()) as spoken:
            async for made in spoken:
                self.heard[server].append(made.result)
                silent_from = max(now(), silent_from) + 1.0

    async def _request(self, sentence: str) -> SynthesisRequest:
        server = server_of(sentence)
        if server in self.gone:
            raise EngineError("The voice is gone.")
        return request(sentence, f"{server}")

    async def happen(self, what: str, at: float, which: int) -> None:
        await asyncio.sleep(at)
        member, server = self.members[which % len(self.members)], which % len(self.texts)
        match what:
            case "lose" if member.ready:
                member.lose()
            case "break" if member is not self.members[0]:
                member.broken = "" if member.broken else "No such card."
            case "skip":
                self.skipped.add(server)
                self.listening[server].cancel()
            case "forget":
                await self._forget(server)

    async def _forget(self, server: int) -> None:
        self.gone.add(server)
        self.scheduler.recording_gone(f"{server}")
        await self.pool.forget(f"{server}")

    async def watch(self) -> None:
        """See that no slot is free while a sentence waits for one."""
        while True:
            for _ in range(20):
                await asyncio.sleep(0)  # what is decided takes effect
            idle = self.pool.slots - self.scheduler.slots_taken
            assert idle <= 0 or not self.scheduler.waiting or not self.pool.ready
            await asyncio.sleep(0.25)


def server_of(sentence: str) -> int:
    return int(sentence.split()[-1].split(".")[0])


def own_words(result: SynthesisResult, sentence: str) -> bool:
    return isinstance(result, Speech) and said(result)[1] == sentence


@given(MEMBERS, TEXTS, EVENTS, POISON)
def test_each_sentence_is_heard_once_and_in_order_whatever_is_lost(
    sizes: Sizes,
    texts: list[int],
    events: list[tuple[str, float, int]],
    poison: set[tuple[int, int]],
) -> None:
    async def work() -> None:
        story = Story(sizes, texts, poison)
        watching = asyncio.create_task(story.watch())
        happening = [asyncio.create_task(story.happen(*event)) for event in events]
        await asyncio.wait([*story.listening, *happening])
        await asyncio.gather(*happening)
        await asyncio.sleep(10)  # what was skipped ends meanwhile
        if watching.done():
            watching.result()
        watching.cancel()
        check_what_was_heard(story)
        check_what_was_forgotten(story)
        check_nothing_is_left(story)
        await story.scheduler.close()
        await story.pool.close()

    simulate(work)


def check_what_was_heard(story: Story) -> None:
    losses = Counter(text for member in story.members for text in member.lost)
    for server, (task, sentences, heard) in enumerate(
        zip(story.listening, story.texts, story.heard, strict=True)
    ):
        for sentence, result in zip(sentences, heard, strict=False):
            assert own_words(result, sentence) or losses[sentence] > 1, (sentence, result)
            assert not (own_words(result, sentence) and sentence.startswith("poison"))
        if not task.cancelled() and task.exception() is None:
            assert len(heard) == len(sentences)
        elif not task.cancelled():
            unheard = sentences[len(heard)]
            assert isinstance(task.exception(), EngineError), task.exception()
            assert server in story.gone or losses[unheard] > 1
        else:
            assert server in story.skipped


def check_what_was_forgotten(story: Story) -> None:
    for member in story.members:
        for told in forgotten(member.told):
            assert not told, "given to an engine after that had forgotten its voice"


def forgotten(told: list[str]) -> Iterator[list[str]]:
    """Yield, for each voice that was forgotten, what was asked of it since."""
    for number, each in enumerate(told):
        if each.startswith("forgot "):
            server = int(each.removeprefix("forgot "))
            later = [words.removesuffix(" alone") for words in told[number:] if "." in words]
            yield [words for words in later if server_of(words) == server and is_asked(words)]


def is_asked(told: str) -> bool:
    return not told.startswith(("cancelled", "load"))


def check_nothing_is_left(story: Story) -> None:
    assert (story.scheduler.waiting, story.scheduler.slots_taken) == (0, 0)
    assert [device.reading().working for device in story.pool.devices] == [0] * len(story.members)
    assert story.pool.ready
    asked = Counter(
        words.removesuffix(" alone") for member in story.members for words in member.told
    )
    for text in {text for texts in story.texts for text in texts if text.startswith("poison")}:
        assert asked[text] <= 3 * (1 + asked[f"cancelled {text}"]), (
            "bounded, whatever it takes down"
        )
