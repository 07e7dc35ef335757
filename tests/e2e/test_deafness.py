"""When the bot is deaf on the wire, and whom it does not begin to record."""

import asyncio
from collections.abc import Callable

import pytest

from bot.errors import UserError
from loopback import encode_opus
from tests.voice.stage import Stage, babble, eventually, open_stage


def is_deaf(stage: Stage) -> bool:
    return stage.guild.voice_states[stage.loopback.world.bot.id].self_deaf


async def leave(stage: Stage) -> None:
    await stage.player.leave()


async def ada_leaves(stage: Stage) -> None:
    await stage.ada.leave_voice()
    await eventually(lambda: stage.ada.id not in stage.channel().voice_states)


async def ada_mutes(stage: Stage) -> None:
    stage.ada.mute_self()
    await eventually(lambda: stage.channel().voice_states[stage.ada.id].self_mute)


async def deafened(stage: Stage) -> None:
    stage.loopback.deafen_bot(stage.guild)
    await eventually(lambda: stage.bot.get_guild(stage.guild.id).me.voice.deaf)


async def closing(stage: Stage) -> None:
    await stage.player.close()


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (leave, "I am in no voice channel"),
        (ada_leaves, "Join me in <#"),
        (ada_mutes, "You are muted"),
        (deafened, "A moderator deafened me"),
        (closing, "I am shutting down"),
    ],
)
async def test_member_is_told_why_they_cannot_record(prepare: Callable, told: str) -> None:
    async with open_stage() as stage:
        await stage.join()
        await prepare(stage)
        before = len(stage.loopback.voice.bot_states)
        with pytest.raises(UserError, match=told):
            await stage.player.record(stage.ada.id)
        assert len(stage.loopback.voice.bot_states) == before
        assert stage.player.recording is None


async def test_own_recording_is_refused_a_second_time() -> None:
    async with open_stage() as stage:
        await stage.join()
        recording = await stage.player.record(stage.ada.id)
        with pytest.raises(UserError, match="You are recording already"):
            await stage.player.record(stage.ada.id)
        recording.cancel()
        await recording.ended


async def test_discord_that_does_not_answer_is_an_end() -> None:
    async with open_stage(leave_seconds=0.05) as stage:
        await stage.join()
        answer = stage.loopback.gateway.on_voice_request
        stage.loopback.gateway.on_voice_request = lambda request: None
        with pytest.raises(UserError, match="interrupted"):
            await stage.player.record(stage.ada.id)
        assert stage.player.recording is None
        stage.loopback.gateway.on_voice_request = answer
        (await stage.player.record(stage.ada.id)).cancel()


async def test_whoever_gives_up_while_it_begins_leaves_nothing_behind() -> None:
    async with open_stage() as stage:
        await stage.join()
        beginning = asyncio.create_task(stage.player.record(stage.ada.id))
        while stage.player.recording is None:
            await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.wait([beginning])
        assert beginning.cancelled()
        await eventually(lambda: stage.player.recording is None and is_deaf(stage))


async def test_bot_that_hears_without_a_recording_becomes_deaf() -> None:
    async with open_stage() as stage:
        await stage.join()
        guild = stage.bot.get_guild(stage.guild.id)
        await guild.change_voice_state(channel=stage.channel(), self_deaf=False)
        states = stage.loopback.voice.bot_states
        await eventually(lambda: [state.self_deaf for state in states][-2:] == [False, True])


async def test_deaf_bot_is_sent_nothing_and_reads_nothing() -> None:
    async with open_stage() as stage:
        await stage.join()
        microphone = stage.ada.microphone()
        await microphone.say(encode_opus(babble(0.2)), pace=4)
        assert microphone.delivered == 0
        reader = stage.player._keeper.link._client._connection._socket_reader
        assert reader._listeners == []


async def test_what_came_before_a_recording_is_not_in_it() -> None:
    async with open_stage() as stage:
        await stage.join()
        connection = await stage.loopback.voice.wait_settled(stage.guild)
        microphone = stage.ada.microphone()
        connection.deaf = False  # as if Discord sent on for a moment
        await microphone.say(encode_opus(babble(0.3, 1)), pace=4)
        connection.deaf = True
        recording = await stage.player.record(stage.ada.id)
        said = encode_opus(babble(0.5, 2))
        await microphone.say(said, pace=4)
        await eventually(lambda: len(recording._packets) == len(said))
        recording.stop()
        result = await recording.ended
        assert [packet.opus for packet in result.speech.packets] == said
