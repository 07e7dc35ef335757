"""Whatever arrives: what is due first goes first, nothing is lost, nothing is made twice."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.speech.ahead import SentencesAhead, result_of
from bot.speech.held import HeldPackets
from bot.speech.scheduler import MAX_AHEAD, FairScheduler
from bot.speech.types import SynthesisRequest, VoiceSettings
from tests.speech.slot_engine import VOICE, SlotEngine, settle

BOUNDS = {"per_guild": 60_000, "in_all": 150_000}
SENTENCE_BYTES = 24_000  # the estimate of one of these


@dataclass
class Spoken:
    """A text of a guild on its way."""

    guild: int
    sentences: list[str]
    due: float
    task: asyncio.Task[None]
    heard: list[str] = field(default_factory=list)


class Guilds(RuleBasedStateMachine):
    """Texts come, sentences end, texts are skipped, recordings go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.engine = SlotEngine()
        self.texts: list[Spoken] = []
        self.skipped: set[str] = set()
        self.number = 0

    @initialize(slots=st.integers(1, 5), slows=st.booleans())
    def open(self, slots: int, slows: bool) -> None:
        self.slots, self.slows = slots, slows
        self.held = HeldPackets(**BOUNDS)
        self.scheduler = FairScheduler(
            self.engine, at_once=lambda: slots, company_slows=lambda: slows, held=self.held
        )

    def run(self, what) -> None:
        self.loop.run_until_complete(what)

    @rule(
        guild=st.integers(1, 4),
        count=st.integers(1, 5),
        due=st.floats(0, 60),
        takes=st.sampled_from([None, None, 2]),
    )
    def say(self, guild: int, count: int, due: float, takes: int | None) -> None:
        """A guild has one text at a time here; the player's own order is tested with it."""
        if any(text.guild == guild and not text.task.done() for text in self.texts):
            return
        self.number += 1
        sentences = [f"Guild {guild} says its text {self.number} part {i}." for i in range(count)]
        self.run(self._say(guild, sentences, due, takes))

    async def _say(self, guild: int, sentences: list[str], due: float, takes: int | None) -> None:
        now = asyncio.get_running_loop().time()
        lane = self.scheduler.lane(guild, lambda: now + due)
        settings = VoiceSettings(takes=takes)

        async def make(sentence: str) -> SynthesisRequest:
            return SynthesisRequest(sentence, VOICE, settings=settings)

        async def listen() -> None:
            async with contextlib.aclosing(
                SentencesAhead(lane, sentences, make).spoken()
            ) as spoken:
                async for made in spoken:
                    text.heard.append(result_of(made).packets[0].decode())

        text = Spoken(guild, sentences, due, asyncio.create_task(listen()))
        self.texts.append(text)
        await settle()

    @precondition(lambda self: self.engine.in_flight)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        text = data.draw(st.sampled_from(sorted(self.engine.in_flight)))
        self.run(self.engine.finish(text))

    @precondition(lambda self: any(not text.task.done() for text in self.texts))
    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        going = [text for text in self.texts if not text.task.done()]
        text = data.draw(st.sampled_from(going))
        self.skipped |= set(text.sentences)
        unbegun = set(text.sentences) - set(self.engine.begun)
        self.run(self._skip(text))
        assert not unbegun & set(self.engine.begun)
        if self.slots > 1:
            assert not set(text.sentences) & set(self.engine.in_flight)

    async def _skip(self, text: Spoken) -> None:
        text.task.cancel()
        await asyncio.wait([text.task])
        await settle()

    @rule()
    def recording_goes(self) -> None:
        """The voice is stored again under the same hash at once: all is made anew."""

        async def go() -> None:
            self.scheduler.recording_gone(VOICE.clip_sha256)
            await settle()

        self.run(go())

    @invariant()
    def texts_are_heard_in_order(self) -> None:
        for text in self.texts:
            assert text.heard == text.sentences[: len(text.heard)]

    @invariant()
    def no_more_is_in_flight_than_there_are_slots(self) -> None:
        assert len(self.engine.in_flight) <= getattr(self, "slots", 5)

    @invariant()
    def what_is_due_first_has_a_slot_before_what_is_ahead(self) -> None:
        going = [text for text in self.texts if not text.task.done()]
        heads = {text.sentences[len(text.heard)] for text in going}
        ahead = set(self.engine.in_flight) - heads - self.skipped
        if heads - set(self.engine.in_flight):
            assert not ahead
        if going and self.slows and len(going) > 1:
            openings = [text for text in going if not text.heard and text.due == 0]
            assert not (openings and ahead)

    @invariant()
    def slots_are_not_left_idle(self) -> None:
        going = [text for text in self.texts if not text.task.done()]
        assert bool(self.engine.in_flight) >= bool(going)

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        if hasattr(self, "held"):
            assert self.held.total <= BOUNDS["in_all"] + SENTENCE_BYTES * (self.slots + 4)
            assert self.scheduler.waiting <= MAX_AHEAD + 4

    def teardown(self) -> None:
        async def end() -> None:
            for _ in range(200):
                if all(text.task.done() for text in self.texts):
                    break
                await self.engine.finish()
            for text in self.texts:
                assert text.task.done()
                if not text.task.cancelled():
                    assert text.heard == text.sentences
            assert self.held.total == 0
            await self.scheduler.close()

        try:
            if hasattr(self, "scheduler"):
                self.run(end())
        finally:
            self.loop.close()


TestGuilds = Guilds.TestCase
TestGuilds.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
