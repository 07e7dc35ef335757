"""A command goes before chatter, on the wire and through the loss of the connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.voice.player import Ticket
from bot.voice.utterances import Rank, UtteranceEnd
from tests.voice.stage import Script, Stage, ended, eventually, open_stage, sentence

PARTS = [sentence(0.3, seed) for seed in (1, 2, 3)]
COMMAND = sentence(0.3, 4)


def read(stage: Stage, script: Script) -> Ticket:
    return stage.player.say(replace(script.request(stage.channel().id), rank=Rank.CHATTER))


def packets(*speeches: object) -> list[bytes]:
    return [packet for speech in speeches for packet in speech.packets]


async def test_a_command_is_heard_after_the_sentence_of_the_chatter_which_then_goes_on() -> None:
    async with open_stage() as stage:
        await stage.join()
        chatter = read(stage, Script(PARTS))
        await stage.listener.until_heard(5)
        command = stage.say(Script([COMMAND]))
        assert await ended(command) is UtteranceEnd.PLAYED
        assert await ended(chatter) is UtteranceEnd.PLAYED
        heard = [packet.opus for packet in stage.listener.audible]
        assert heard == packets(PARTS[0], COMMAND, *PARTS[1:])


async def test_chatter_that_made_way_survives_the_loss_of_the_connection() -> None:
    async with open_stage() as stage:
        await stage.join()
        gate = asyncio.Event()
        chatter = read(stage, Script(PARTS))
        await stage.listener.until_heard(5)
        command = stage.say(Script([COMMAND], gates=[gate]))
        await eventually(lambda: not any(entry.speaking for entry in stage.player.snapshot()))
        stage.loopback.close_voice(stage.guild, 4009)
        gate.set()
        assert await ended(command) is UtteranceEnd.PLAYED
        assert await ended(chatter) is UtteranceEnd.PLAYED
        heard = [packet.opus for packet in stage.listener.audible]
        rest = packets(*PARTS[1:])
        assert heard[-len(rest) :] == rest
