"""A voice that is deleted or replaced while it speaks and while its texts wait, on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.speech.refusals import DATA_AWAY
from bot.speech.types import Speech
from bot.voice.player import Ticket
from bot.voice.utterances import Due, Progress, UtteranceEnd
from storage.errors import StorageError
from tests.voice.stage import SHORT, Script, Stage, ended, eventually, open_stage, sentence
from tests.voice.stepped import Stepped, made, settle

VOICE, OTHER = 7, 8
FIRST, SECOND = sentence(1.0, 1), sentence(1.0, 2)
WITH_FORMER, WITH_NEW = sentence(0.3, 3), sentence(0.3, 4)


def say(stage: Stage, script: Script, voice_id: int = VOICE) -> Ticket:
    channel = stage.channel()
    return stage.player.say(replace(script.request(channel.id), voice_id=voice_id))


def heard(stage: Stage) -> list[bytes]:
    return [packet.opus for packet in stage.listener.audible]


@pytest.mark.parametrize("end", [UtteranceEnd.VOICE_DELETED, UtteranceEnd.VOICE_PAUSED])
async def test_a_voice_that_ends_is_silent_in_the_middle_of_its_sentence(end: UtteranceEnd) -> None:
    async with open_stage() as stage:
        await stage.join()
        speaking = say(stage, Script([FIRST, SECOND]))
        waiting = say(stage, Script([SECOND]))
        others = say(stage, Script([SHORT]), OTHER)
        await stage.listener.until_heard(10)
        sent = len(heard(stage))
        await stage.player.end_voice(VOICE, end)
        assert [speaking.ended.result(), waiting.ended.result()] == [end] * 2
        assert await ended(others) is UtteranceEnd.PLAYED
        last = heard(stage).index(SHORT.packets[0])
        assert heard(stage) == [*FIRST.packets[:last], *SHORT.packets]
        assert last <= sent + 3  # of which one or two were on their way


async def test_a_sentence_that_the_engine_is_at_work_on_is_given_up_with_its_voice() -> None:
    async with open_stage() as stage:
        await stage.join()
        gate, open_gate = asyncio.Event(), asyncio.Event()
        open_gate.set()
        speaking = say(stage, Script([FIRST, SECOND], gates=[open_gate, gate]))
        await stage.listener.until_heard(10)
        await stage.player.end_voice(VOICE, UtteranceEnd.VOICE_DELETED)
        gate.set()
        assert speaking.ended.result() is UtteranceEnd.VOICE_DELETED
        assert stage.player.prefetched_bytes == 0
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED
        assert not set(SECOND.packets) & set(heard(stage))


async def test_what_was_fetched_of_a_text_that_waits_is_fetched_anew_for_a_replaced_voice() -> None:
    async with open_stage() as stage:
        await stage.join()
        clip = [WITH_FORMER]
        fetched: list[Speech] = []

        async def speak(_due: Due) -> AsyncIterator[Speech]:
            fetched.append(clip[0])
            yield clip[0]

        speaking = say(stage, Script([FIRST]))
        script = Script([WITH_FORMER])
        request = replace(script.request(stage.channel().id), voice_id=VOICE, speak=speak)
        waiting = stage.player.say(request)
        await eventually(lambda: fetched == [WITH_FORMER], 10, "the former recording")
        clip[0] = WITH_NEW
        stage.player.voice_replaced(VOICE)
        assert await ended(speaking) is UtteranceEnd.PLAYED
        assert await ended(waiting) is UtteranceEnd.PLAYED
        assert heard(stage) == [*FIRST.packets, *WITH_NEW.packets]  # not a packet of the former


async def test_a_text_that_is_being_heard_goes_on_undisturbed_in_a_replaced_voice() -> None:
    async with open_stage() as stage:
        await stage.join()
        script = Script([FIRST, SECOND])
        speaking = say(stage, script)
        await stage.listener.until_heard(10)
        stage.player.voice_replaced(VOICE)
        assert await ended(speaking) is UtteranceEnd.PLAYED
        assert heard(stage) == [*FIRST.packets, *SECOND.packets]  # whole sentences, each once
        assert len(script.dues) == 2


async def test_a_text_that_is_fetched_anew_is_heard_to_its_end() -> None:
    stepped = Stepped()
    gates = [asyncio.Event(), asyncio.Event()]
    ticket = stepped.say(Script([made("one"), made("two")], gates=gates), voice_id=VOICE)
    await settle()
    stepped.player.voice_replaced(VOICE)  # the engine is at work on its first sentence
    gates[0].set()
    await settle()
    await stepped.send(20)
    assert stepped.sentences == ["one"]
    gates[1].set()
    await settle()
    await stepped.send(20)
    assert stepped.sentences == ["one", "two"]
    assert ticket.ended.result() is UtteranceEnd.PLAYED


class Asked:
    """Whether a text may still be said, and how often that was asked."""

    def __init__(self) -> None:
        self.refused: str | None = None
        self.times = 0
        self.answer = asyncio.Event()
        self.answer.set()

    async def __call__(self) -> str | None:
        self.times += 1
        await self.answer.wait()
        return self.refused


async def test_a_text_begins_when_its_member_is_known_to_be_allowed_still() -> None:
    stepped, asked = Stepped(), Asked()
    asked.answer.clear()
    ticket = stepped.say(Script([made("one"), made("two")]), refusal=asked)
    await settle()
    await stepped.send(10)
    assert stepped.sentences == []
    asked.answer.set()
    await settle()
    await stepped.send(20)
    assert stepped.sentences == ["one", "two"]
    assert ticket.ended.result() is UtteranceEnd.PLAYED
    assert asked.times == 2  # before it began, and between two sentences


async def test_a_member_who_may_no_more_is_not_heard_and_hears_why() -> None:
    stepped, asked = Stepped(), Asked()
    told: list[Progress] = []
    asked.refused = "It is not shared with you."
    ticket = stepped.say(Script([made("one")]), refusal=asked, on_progress=told.append)
    other = stepped.say(Script([made("two")]))
    await settle()
    await stepped.send(20)
    assert stepped.sentences == ["two"]
    assert ticket.ended.result() is UtteranceEnd.NOT_ALLOWED
    assert other.ended.result() is UtteranceEnd.PLAYED
    assert told[-1].error == asked.refused


async def test_a_member_who_may_no_more_is_stopped_after_the_sentence_at_the_latest() -> None:
    stepped, asked = Stepped(), Asked()
    ticket = stepped.say(Script([made("one"), made("two")]), refusal=asked)
    await settle()
    await stepped.send(2)
    asked.refused = "no"
    await stepped.send(20)
    assert ticket.ended.result() is UtteranceEnd.NOT_ALLOWED
    assert stepped.sent.count("two 1") == 0


async def test_when_others_may_speak_as_a_voice_those_go_on_who_still_may() -> None:
    stepped, may, may_not = Stepped(texts=3), Asked(), Asked()
    heard_now = stepped.say(Script([made("one")]), refusal=may_not, voice_id=VOICE)
    kept = stepped.say(Script([made("two")]), refusal=may, voice_id=VOICE)
    dropped = stepped.say(Script([made("three")]), refusal=may_not, voice_id=VOICE)
    elsewhere = stepped.say(Script([made("four")]), voice_id=OTHER)
    await settle()
    await stepped.send(2)
    may_not.refused = "no"
    await stepped.player.ask_again(VOICE)
    await stepped.send(20)
    assert [ticket.ended.result() for ticket in (heard_now, kept, dropped, elsewhere)] == [
        UtteranceEnd.NOT_ALLOWED, UtteranceEnd.PLAYED,
        UtteranceEnd.NOT_ALLOWED, UtteranceEnd.PLAYED,
    ]  # fmt: skip
    assert stepped.sentences == ["one", "two", "four"]
    assert "one 3" not in stepped.sent


async def test_where_nobody_can_tell_a_text_is_not_said() -> None:
    async def broken() -> str | None:
        raise StorageError("the disk is gone")

    stepped = Stepped()
    script = Script([made("one")])
    ticket = stepped.say(script, refusal=broken)
    await settle()
    await stepped.send(10)
    assert ticket.ended.result() is UtteranceEnd.NOT_ALLOWED
    assert stepped.sentences == []
    assert script.progress[-1].error == DATA_AWAY
