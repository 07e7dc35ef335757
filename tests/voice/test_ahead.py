"""Sentences and texts that are made before their turn, on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from bot.speech.scheduler import FairScheduler
from bot.speech.service import SpeechService, Utterance
from bot.speech.types import Speech, SynthesisRequest, SynthesisResult
from bot.text.plan import TextLimits
from bot.voice.player import Ticket
from bot.voice.utterances import Due, SayRequest, UtteranceEnd
from tests.speech.slot_engine import VOICE, SlotEngine
from tests.voice.stage import Stage, ended, eventually, open_stage, sentence

SLOTS = 4
SENTENCES = [f"This is said as number {word} of all." for word in ("one", "two", "three", "four")]
SOUNDS = {text: sentence(0.3, seed) for seed, text in enumerate(SENTENCES, start=1)}
LONG = sentence(6.0, 9)


class SoundingEngine(SlotEngine):
    """Makes a sound of its own for each sentence, when the test lets it."""

    async def synthesize(self, batch: Sequence[SynthesisRequest]) -> list[SynthesisResult]:
        await super().synthesize(batch)
        return [SOUNDS.get(request.text, LONG) for request in batch]


class Talk:
    """A stage whose texts go through the bot's own scheduler to an engine with slots."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.engine = stage, SoundingEngine()
        self.scheduler = FairScheduler(self.engine, at_once=lambda: SLOTS)

    def say(self, *sentences: str, voice_id: int | None = None) -> Ticket:
        utterance = Utterance(" ".join(sentences), VOICE, guild_id=self.stage.guild.id)

        async def speak(due: Due) -> AsyncIterator[Speech]:
            lane = self.scheduler.lane(utterance.guild_id, due, 30.0)
            async with aclosing(SpeechService(lane, TextLimits()).speak(utterance)) as speeches:
                async for speech in speeches:
                    yield speech

        channel = self.stage.channel().id
        request = SayRequest(
            1, channel, "Ada", utterance.text, len(sentences), speak, voice_id=voice_id
        )
        return self.stage.player.say(request)

    async def begun(self, *sentences: str) -> None:
        await eventually(lambda: set(self.engine.in_flight) == set(sentences), what="the sentences")

    @property
    def heard(self) -> list[bytes]:
        return [packet.opus for packet in self.stage.listener.audible]


@asynccontextmanager
async def open_talk() -> AsyncIterator[Talk]:
    async with open_stage(at_once=SLOTS) as stage:
        await stage.join()
        talk = Talk(stage)
        yield talk
        await talk.scheduler.close()


async def test_what_is_made_in_any_order_is_heard_in_the_order_of_the_text() -> None:
    async with open_talk() as talk:
        ticket = talk.say(*SENTENCES)
        await talk.begun(*SENTENCES)
        for text in reversed(SENTENCES):
            await talk.engine.finish(text)
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert talk.heard == [packet for text in SENTENCES for packet in SOUNDS[text].packets]


async def test_texts_are_heard_in_their_order_though_a_later_one_is_made_first() -> None:
    async with open_talk() as talk:
        tickets = [talk.say(text) for text in SENTENCES[:3]]
        await talk.begun(*SENTENCES[:3])
        for text in reversed(SENTENCES[:3]):
            await talk.engine.finish(text)
        assert [await ended(ticket) for ticket in tickets] == [UtteranceEnd.PLAYED] * 3
        assert talk.heard == [packet for text in SENTENCES[:3] for packet in SOUNDS[text].packets]


async def test_a_skip_withdraws_the_text_and_leaves_the_next_one() -> None:
    async with open_talk() as talk:
        skipped, kept = talk.say(*SENTENCES[:3]), talk.say(SENTENCES[3])
        await talk.begun(*SENTENCES)
        talk.stage.player.skip(1, privileged=False)
        assert await ended(skipped) is UtteranceEnd.SKIPPED
        await talk.begun(SENTENCES[3])
        assert sorted(talk.engine.given_up) == sorted(SENTENCES[:3])
        await talk.engine.finish()
        assert await ended(kept) is UtteranceEnd.PLAYED
        assert talk.heard == list(SOUNDS[SENTENCES[3]].packets)


async def test_stop_withdraws_everything() -> None:
    async with open_talk() as talk:
        tickets = [talk.say(*SENTENCES[:2]), talk.say(SENTENCES[2])]
        await talk.begun(*SENTENCES[:3])
        talk.stage.player.stop()
        assert [await ended(ticket) for ticket in tickets] == [UtteranceEnd.STOPPED] * 2
        await talk.begun()
        assert talk.scheduler.waiting == 0
        assert talk.scheduler.held.total == 0


async def test_a_deleted_voice_withdraws_what_was_made_ahead_in_it() -> None:
    async with open_talk() as talk:
        kept = talk.say(SENTENCES[3], voice_id=2)
        dropped = talk.say(*SENTENCES[:2], voice_id=1)
        await talk.begun(*SENTENCES[:2], SENTENCES[3])
        await talk.stage.player.end_voice(1, UtteranceEnd.VOICE_DELETED)
        assert await ended(dropped) is UtteranceEnd.VOICE_DELETED
        await talk.begun(SENTENCES[3])
        await talk.engine.finish()
        assert await ended(kept) is UtteranceEnd.PLAYED


async def test_a_text_whose_voice_was_replaced_is_made_anew_in_its_turn() -> None:
    async with open_talk() as talk:
        talk.say("This one is heard for a long while.", voice_id=2)
        replaced = talk.say(SENTENCES[0], voice_id=1)
        await talk.begun("This one is heard for a long while.", SENTENCES[0])
        await talk.engine.finish()
        await eventually(lambda: talk.heard, what="the first text")
        talk.stage.player.voice_replaced(1)
        await talk.begun(SENTENCES[0])
        assert talk.engine.begun.count(SENTENCES[0]) == 2
        talk.stage.player.skip(1, privileged=False)
        await talk.engine.finish()
        assert await ended(replaced) is UtteranceEnd.PLAYED


async def test_where_memory_is_short_a_guild_gets_a_few_seconds_ahead() -> None:
    async with open_stage(at_once=SLOTS, prefetch_bytes=1) as stage:
        await stage.join()
        talk = Talk(stage)
        first = talk.say("This one is heard for a long while.")
        second = talk.say(SENTENCES[0])
        await talk.begun("This one is heard for a long while.", SENTENCES[0])
        await talk.engine.finish()
        third = talk.say(SENTENCES[1])
        await stage.listener.until_heard(5)
        assert SENTENCES[1] not in talk.engine.begun  # six seconds lie before it
        assert stage.bot.voice.prefetched_bytes > 0
        await eventually(lambda: SENTENCES[1] in talk.engine.in_flight, what="its turn")
        await talk.engine.finish()
        for ticket in (first, second, third):
            assert await ended(ticket) is UtteranceEnd.PLAYED
        await asyncio.sleep(0)
        assert stage.bot.voice.prefetched_bytes == 0
