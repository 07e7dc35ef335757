"""The sentences of a text, asked for before their turn."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable

import pytest

from bot.errors import EngineError, UserError
from bot.speech.held import HeldPackets
from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import Speech, VoiceReference
from bot.text.plan import TextLimits
from tests.speech.slot_engine import VOICE, SlotEngine, settle

ONE, TWO, THREE = (
    "This is the first sentence.",
    "And this is the second one.",
    "Here comes the third and last.",
)
TEXT = " ".join((ONE, TWO, THREE))
NEW_VOICE = dataclasses.replace(VOICE, clip_sha256="1" * 64)


def now() -> float:
    return asyncio.get_running_loop().time()


def scheduler_of(
    engine: SlotEngine, slots: int = 4, *, slows: bool = False, held: HeldPackets | None = None
) -> FairScheduler:
    return FairScheduler(engine, at_once=lambda: slots, company_slows=lambda: slows, held=held)


class Text:
    """A text that is being spoken, and what came of it."""

    def __init__(
        self,
        scheduler: FairScheduler,
        text: str = TEXT,
        guild_id: int = 1,
        due: Callable[[], float] = now,
        ahead_seconds: float = 30.0,
        utterance: Utterance | None = None,
    ) -> None:
        lane = scheduler.lane(guild_id, due, ahead_seconds)
        utterance = utterance or Utterance(text, VOICE, guild_id=guild_id)
        service = SpeechService(lane, TextLimits())
        planned = dataclasses.replace(utterance, sentences=service.plan(utterance.text))
        self._speeches = service.speak(planned)
        self.heard: list[str] = []
        self.task = asyncio.create_task(self._listen(self._speeches))

    async def _listen(self, speeches: AsyncGenerator[Speech, None]) -> None:
        try:
            async for speech in speeches:
                self.heard.append(speech.packets[0].decode())
        finally:
            await speeches.aclose()

    async def skip(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await settle()


async def test_the_sentences_of_a_text_are_made_together() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine))
    await settle()
    assert engine.begun == [ONE, TWO, THREE]
    await engine.finish()
    await text.task
    assert text.heard == [ONE, TWO, THREE]


async def test_what_is_done_early_waits_for_what_comes_before_it() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine))
    await settle()
    await engine.finish(THREE)
    await engine.finish(TWO)
    assert text.heard == []
    await engine.finish(ONE)
    await text.task
    assert text.heard == [ONE, TWO, THREE]


async def test_without_slots_to_spare_nothing_is_made_ahead() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine, slots=1))
    await settle()
    assert engine.begun == [ONE]
    await text.skip()


async def test_a_skip_frees_the_slots_of_what_is_being_made() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine)
    text = Text(scheduler)
    await settle()
    await engine.finish(TWO)
    await text.skip()
    assert engine.in_flight == {}
    assert sorted(engine.given_up) == sorted([ONE, THREE])
    assert scheduler.held.total == 0
    assert scheduler.room_ahead(1)


async def test_a_skip_forgets_what_has_not_begun() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine, slots=2)
    other = Text(scheduler, "Somebody else says this now.", guild_id=2)
    text = Text(scheduler)
    await settle()
    assert scheduler.waiting == 1
    await text.skip()
    assert scheduler.waiting == 0
    await engine.finish()
    await other.task
    assert engine.begun == ["Somebody else says this now.", ONE]


async def test_another_guilds_first_sentence_gets_the_slot_of_one_that_is_made_ahead() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine, slots=3)
    text = Text(scheduler)
    await settle()
    assert list(engine.in_flight) == [ONE, TWO, THREE]
    other = Text(scheduler, "Somebody else says this now.", guild_id=2)
    await settle()
    assert sorted(engine.in_flight) == sorted([ONE, TWO, "Somebody else says this now."])
    assert engine.given_up == [THREE]
    await engine.finish()
    await engine.finish()
    await asyncio.gather(text.task, other.task)
    assert text.heard == [ONE, TWO, THREE]


async def test_what_is_due_last_makes_room() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine)
    far_one, far_two = "This is said far in the future.", "And this still a little later."
    far = Text(scheduler, f"{far_one} {far_two}", guild_id=1, due=lambda: now() + 9)
    near = Text(scheduler, f"{ONE} {TWO}", guild_id=2)
    await settle()
    assert len(engine.in_flight) == 4
    other = Text(scheduler, "A third guild speaks up here.", guild_id=3)
    await settle()
    assert engine.given_up == [far_two]
    for text in (near, far, other):
        await text.skip()


async def test_nothing_is_made_ahead_beside_an_opening_where_company_slows() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine, slows=True))
    await settle()
    assert engine.begun == [ONE]
    await engine.finish(ONE)
    assert list(engine.in_flight) == [TWO, THREE]
    await engine.finish()
    await text.task


async def test_an_opening_elsewhere_ends_what_is_made_ahead_where_company_slows() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine, slows=True)
    text = Text(scheduler)
    await settle()
    await engine.finish(ONE)
    assert list(engine.in_flight) == [TWO, THREE]
    other = Text(scheduler, "Somebody else says this now.", guild_id=2)
    await settle()
    assert list(engine.in_flight) == [TWO, "Somebody else says this now."]
    await engine.finish("Somebody else says this now.")
    assert list(engine.in_flight) == [TWO, THREE]
    await engine.finish()
    await asyncio.gather(text.task, other.task)
    assert text.heard == [ONE, TWO, THREE]


async def test_beside_another_guild_nothing_is_begun_ahead_where_company_slows() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine, slows=True)
    other = Text(scheduler, "Not urgent at all, this one.", guild_id=2, due=lambda: now() + 9)
    await settle()
    text = Text(scheduler)
    await settle()
    await engine.finish(ONE)
    assert list(engine.in_flight) == ["Not urgent at all, this one.", TWO]
    for one in (text, other):
        await one.skip()


async def test_the_engine_is_told_what_is_heard_first() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine))
    await settle()
    assert [request.rank for request in engine.requests] == [0, 1, 2]
    await text.skip()


async def test_no_more_is_made_ahead_than_the_lead_allows() -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine), ahead_seconds=1.0)
    await settle()
    assert engine.begun == [ONE]  # it lasts two seconds
    await engine.finish()
    assert engine.begun == [ONE, TWO]
    await text.skip()


@pytest.mark.parametrize("bounds", [{"per_guild": 1}, {"in_all": 1}])
async def test_no_more_is_made_ahead_than_memory_allows(bounds: dict[str, int]) -> None:
    engine = SlotEngine()
    text = Text(scheduler_of(engine, held=HeldPackets(**bounds)))
    await settle()
    assert engine.begun == [ONE]
    await engine.finish()
    await engine.finish()
    await engine.finish()
    await text.task
    assert text.heard == [ONE, TWO, THREE]


async def test_what_is_kept_is_counted_until_it_is_taken() -> None:
    engine = SlotEngine()
    scheduler = scheduler_of(engine)
    text = Text(scheduler)
    await settle()
    await engine.finish(TWO, THREE)
    assert scheduler.held.total > len(TWO) + len(THREE)  # and the estimate of the first
    await engine.finish(ONE)
    await text.task
    assert scheduler.held.total == 0


async def test_a_sentence_that_fails_ends_the_text_in_its_turn_and_withdraws_the_rest() -> None:
    class Failing(SlotEngine):
        async def synthesize(self, batch):
            (result,) = await super().synthesize(batch)
            return [EngineError("no sound") if batch[0].text == TWO else result]

    engine = Failing()
    text = Text(scheduler_of(engine))
    await settle()
    await engine.finish(TWO)
    assert not text.task.done()
    await engine.finish(ONE)
    with pytest.raises(EngineError, match="no sound"):
        await text.task
    assert text.heard == [ONE]
    assert engine.given_up == [THREE]


class Recordings:
    """A voice that can be given another recording, or be deleted."""

    def __init__(self) -> None:
        self.voice: VoiceReference | None = VOICE

    async def current(self) -> VoiceReference:
        if self.voice is None:
            raise UserError("The voice was deleted.")
        return self.voice

    def utterance(self) -> Utterance:
        return Utterance(TEXT, VOICE, guild_id=1, current_voice=self.current)


@pytest.mark.parametrize("told", [True, False])
async def test_what_was_made_ahead_with_a_former_recording_is_made_anew(told: bool) -> None:
    engine, recordings = SlotEngine(), Recordings()
    scheduler = scheduler_of(engine)
    text = Text(scheduler, utterance=recordings.utterance())
    await settle()
    await engine.finish(ONE, TWO)
    recordings.voice = NEW_VOICE
    if told:
        scheduler.recording_gone(VOICE.clip_sha256)
        await settle()
        assert THREE in engine.given_up
    await engine.finish()
    await engine.finish()
    await text.task
    assert text.heard == [ONE, TWO, THREE]
    made = {request.text: request.voice for request in engine.requests}
    assert made[THREE] == NEW_VOICE


async def test_a_voice_that_is_deleted_ends_the_text_and_what_was_made_ahead() -> None:
    engine, recordings = SlotEngine(), Recordings()
    scheduler = scheduler_of(engine)
    text = Text(scheduler, utterance=recordings.utterance())
    await settle()
    await engine.finish(ONE)
    recordings.voice = None
    scheduler.recording_gone(VOICE.clip_sha256)
    with pytest.raises(UserError, match="deleted"):
        await text.task
    await settle()
    assert engine.in_flight == {}
    assert text.heard == [ONE]


async def test_another_voice_with_the_same_recording_is_spoken_all_the_same() -> None:
    engine, recordings = SlotEngine(), Recordings()
    scheduler = scheduler_of(engine)
    text = Text(scheduler, utterance=recordings.utterance())
    await settle()
    scheduler.recording_gone(VOICE.clip_sha256)
    await settle()
    await engine.finish()
    await text.task
    assert text.heard == [ONE, TWO, THREE]
