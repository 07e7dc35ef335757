"""Which channel a guild's bot is in, and what can be said there."""

import asyncio

import discord
import pytest

from bot.errors import UserError
from bot.speech.types import Speech
from bot.voice.link import JoinOutcome
from bot.voice.utterances import UtteranceEnd
from loopback import Overwrite, Permission
from tests.voice.stage import SHORT, Script, ended, eventually, open_stage, sentence


async def test_nothing_can_be_said_outside_a_channel() -> None:
    async with open_stage() as stage:
        with pytest.raises(UserError, match="in no voice channel any more"):
            stage.say(Script([SHORT]))


async def test_joining_says_what_stands_in_the_way() -> None:
    async with open_stage() as stage:
        world, guild = stage.loopback.world, stage.guild
        everyone = guild.id
        silent = stage.loopback.add_voice_channel(guild, "Silent")
        closed = stage.loopback.add_voice_channel(guild, "Closed")
        full = stage.loopback.add_voice_channel(guild, "Full", user_limit=1)
        world.overwrite(silent, Overwrite(everyone, deny=Permission.SPEAK))
        world.overwrite(closed, Overwrite(everyone, deny=Permission.CONNECT))
        bob = stage.loopback.add_person(guild, "Bob")
        await bob.join_voice(full)
        await eventually(lambda: any(c.voice_states for c in stage.channels() if c.name == "Full"))
        join = stage.player.join
        assert await join(stage.channel("Silent")) is JoinOutcome.MAY_NOT_SPEAK
        assert await join(stage.channel("Closed")) is JoinOutcome.MAY_NOT_CONNECT
        assert await join(stage.channel("Full")) is JoinOutcome.FULL
        assert await join(stage.channel()) is JoinOutcome.JOINED
        assert await join(stage.channel()) is JoinOutcome.ALREADY_THERE


async def test_the_bot_joins_no_afk_channel() -> None:
    async with open_stage() as stage:
        stage.loopback.make_afk(stage.guild, stage.guild.voice)
        await eventually(lambda: stage.bot.get_guild(stage.guild.id).afk_channel)
        assert await stage.player.join(stage.channel()) is JoinOutcome.AFK


async def test_a_refused_move_leaves_the_speech_where_it_is() -> None:
    async with open_stage() as stage:
        closed = stage.loopback.add_voice_channel(stage.guild, "Closed")
        await stage.join()
        stage.loopback.world.overwrite(closed, Overwrite(stage.guild.id, deny=Permission.CONNECT))
        ticket = stage.say(Script([sentence(0.6)]))
        await eventually(lambda: any(c.overwrites for c in stage.channels()))
        outcome = await stage.player.join(stage.channel("Closed"), privileged=True)
        assert outcome is JoinOutcome.MAY_NOT_CONNECT
        assert await ended(ticket) is UtteranceEnd.PLAYED


async def test_joining_another_channel_takes_the_speech_along() -> None:
    async with open_stage() as stage:
        _, bobs = await stage.other_call()
        await stage.join()
        ticket = await stage.speak(Script([sentence(2.0)]), heard=20)
        moved = await stage.player.join(stage.channel("Den"), privileged=True)
        assert moved is JoinOutcome.MOVED
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert len(bobs.audible) + len(stage.listener.audible) >= 95


async def test_words_asked_for_in_two_channels_at_once_are_heard_in_one_only() -> None:
    async with open_stage() as stage:
        _, bobs = await stage.other_call()
        await eventually(lambda: len(stage.channels()) == 2)
        adas, bobs_words = sentence(0.4, 1), sentence(0.4, 2)

        async def say(channel: discord.VoiceChannel, words: Speech) -> UtteranceEnd | JoinOutcome:
            outcome = await stage.player.join(channel)
            if not outcome.joined:
                return outcome
            return await ended(stage.player.say(Script([words]).request(channel.id)))

        ends = await asyncio.gather(
            say(stage.channel(), adas), say(stage.channel("Den"), bobs_words)
        )
        assert ends == [UtteranceEnd.PLAYED, JoinOutcome.BUSY_ELSEWHERE]
        assert [packet.opus for packet in stage.listener.audible] == list(adas.packets)
        assert not bobs.audible


async def test_words_for_another_channel_are_refused() -> None:
    async with open_stage() as stage:
        stage.loopback.add_voice_channel(stage.guild, "Den")
        await stage.join()
        await eventually(lambda: len(stage.channels()) == 2)
        with pytest.raises(UserError, match="Join me there"):
            stage.player.say(Script([SHORT]).request(stage.channel("Den").id))


async def test_nothing_can_be_said_while_the_bot_is_on_its_way_elsewhere() -> None:
    async with open_stage() as stage:
        stage.loopback.add_voice_channel(stage.guild, "Den")
        await stage.join()
        lounge = stage.channel()
        await eventually(lambda: len(stage.channels()) == 2)
        moving = asyncio.create_task(stage.player.join(stage.channel("Den")))
        await eventually(lambda: stage.player.channel is None)
        with pytest.raises(UserError, match="in no voice channel any more"):
            stage.player.say(Script([SHORT]).request(lounge.id))
        assert await moving is JoinOutcome.MOVED


async def test_both_ends_show_the_same_privacy_code() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert stage.player.privacy_code
        assert stage.player.privacy_code.replace(" ", "") == stage.listener.privacy_code
