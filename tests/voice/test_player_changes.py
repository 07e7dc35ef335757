"""A voice that is deleted or replaced while it speaks and while its texts wait, on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from bot.speech.types import Speech
from bot.voice.player import Ticket
from bot.voice.utterances import Due, UtteranceEnd
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


async def test_the_sentence_that_is_heard_is_the_last_of_a_deleted_voice() -> None:
    async with open_stage() as stage:
        await stage.join()
        speaking = say(stage, Script([FIRST, SECOND]))
        waiting = say(stage, Script([SECOND]))
        others = say(stage, Script([SHORT]), OTHER)
        await stage.listener.until_heard(10)
        stage.player.voice_deleted(VOICE)
        assert waiting.ended.result() is UtteranceEnd.VOICE_DELETED
        assert await ended(speaking) is UtteranceEnd.VOICE_DELETED
        assert await ended(others) is UtteranceEnd.PLAYED
        assert heard(stage) == [*FIRST.packets, *SHORT.packets]


async def test_a_sentence_that_the_engine_is_at_work_on_is_not_heard_in_a_deleted_voice() -> None:
    async with open_stage() as stage:
        await stage.join()
        gate, open_gate = asyncio.Event(), asyncio.Event()
        open_gate.set()
        speaking = say(stage, Script([FIRST, SECOND], gates=[open_gate, gate]))
        await stage.listener.until_heard(10)
        stage.player.voice_deleted(VOICE)
        gate.set()
        assert await ended(speaking) is UtteranceEnd.VOICE_DELETED
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED
        assert heard(stage) == [*FIRST.packets, *SHORT.packets]


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
