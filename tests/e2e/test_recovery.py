"""Speech goes on after everything that Discord does to a voice connection in mid-call."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from bot.voice.link import JoinOutcome
from bot.voice.utterances import UtteranceEnd
from loopback import Listener, Overwrite, Permission
from tests.voice.stage import Script, Stage, ended, eventually, open_stage, sentence

TALK = sentence(1.1)
LOST_PACKETS = 25
"""What may be under way to a server that hangs up: half a second."""


def longest_break(listener: Listener) -> float:
    """Return the longest time without speech, in seconds."""
    arrivals = [packet.arrival_ns for packet in listener.audible]
    return max(b - a for a, b in pairwise(arrivals)) / 1e9


async def talk_through(stage: Stage, disturb: Callable[[], object], within: float = 2.0) -> None:
    """Assert that speech goes on at most `within` seconds after `disturb`, and to its end."""
    await stage.join()
    script = Script([TALK])
    ticket = await stage.speak(script, heard=15)
    disturb()
    assert await ended(ticket, 10 + within) is UtteranceEnd.PLAYED
    assert script.ends == [UtteranceEnd.PLAYED]
    assert len(stage.listener.audible) >= len(TALK.packets) - LOST_PACKETS
    assert stage.listener.unreadable == 0
    assert longest_break(stage.listener) <= within


@pytest.mark.parametrize("code", [4006, 4009, 4015, 1000, 1006, 4000])
async def test_speech_goes_on_after_the_voice_server_closes_with(code: int) -> None:
    async with open_stage() as stage:
        await talk_through(stage, lambda: stage.loopback.close_voice(stage.guild, code))


async def test_speech_goes_on_after_a_third_close_in_a_row() -> None:
    async with open_stage() as stage:
        await stage.join()
        script = Script([sentence(2.5)])
        ticket = stage.say(script)
        for _ in range(3):
            heard = len(stage.listener.audible)
            await stage.listener.until_heard(heard + 15)
            stage.loopback.close_voice(stage.guild, 4009)
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert longest_break(stage.listener) <= 2.0


@pytest.mark.parametrize("code", [4014, 4021, 4022])
async def test_the_queue_ends_once_when_discord_ends_the_call_for_good_with(code: int) -> None:
    async with open_stage(follow_seconds=0.3) as stage:
        await stage.join()
        scripts = [Script([TALK]), Script([TALK])]
        tickets = [stage.say(script) for script in scripts]
        await stage.listener.until_heard(10)
        stage.loopback.close_voice(stage.guild, code)
        for ticket in tickets:
            assert await ended(ticket, 3.0) is UtteranceEnd.DISCONNECTED
        await eventually(lambda: stage.player.channel is None)
        assert [script.ends for script in scripts] == [[UtteranceEnd.DISCONNECTED]] * 2


async def test_speech_goes_on_after_a_region_move() -> None:
    async with open_stage() as stage:
        await talk_through(stage, lambda: stage.loopback.voice.move_region(stage.guild))


async def test_speech_goes_on_on_another_server_after_a_while_without_one() -> None:
    """Discord says so by an endpoint of null, and names the new one later."""
    async with open_stage() as stage:

        def vanish() -> None:
            gone = {"guild_id": str(stage.guild.id), "token": "", "endpoint": None}
            stage.loopback.world.publish("VOICE_SERVER_UPDATE", gone, stage.guild.id)
            stage.loopback.close_voice(stage.guild, 4015)
            loop = asyncio.get_running_loop()
            loop.call_later(0.5, stage.loopback.voice.move_region, stage.guild)

        await talk_through(stage, vanish, within=4.0)


async def test_speech_follows_a_moderators_move() -> None:
    async with open_stage() as stage:
        den, bobs = await stage.other_call()
        await stage.join()
        ticket = await stage.speak(Script([TALK]), heard=15)
        stage.loopback.move_bot(stage.guild, den)
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert stage.player.channel == stage.channel("Den")
        first, last = bobs.audible[0], stage.listener.audible[-1]
        assert (first.arrival_ns - last.arrival_ns) / 1e9 <= 2.0
        heard = len(bobs.audible) + len(stage.listener.audible)
        assert heard >= len(TALK.packets) - LOST_PACKETS
        assert bobs.unreadable == 0


async def test_a_moderators_disconnect_clears_the_queue_and_tells_each_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        scripts = [Script([TALK]) for _ in range(3)]
        tickets = [stage.say(script) for script in scripts]
        await stage.listener.until_heard(10)
        stage.loopback.disconnect_bot(stage.guild)
        ends = [await ended(ticket, 3.0) for ticket in tickets]
        assert ends == [UtteranceEnd.DISCONNECTED] * 3
        await eventually(lambda: stage.player.channel is None)
        assert [script.ends for script in scripts] == [[UtteranceEnd.DISCONNECTED]] * 3
        assert stage.player.snapshot() == ()


async def test_a_bot_that_is_thrown_out_of_the_guild_ends_the_queue_once() -> None:
    async with open_stage(follow_seconds=0.3) as stage:
        await stage.join()
        script = Script([TALK])
        ticket = await stage.speak(script, heard=10)
        stage.loopback.remove_bot(stage.guild)
        await ended(ticket, 3.0)
        assert len(script.ends) == 1
        await eventually(lambda: stage.bot.voice.existing(stage.guild.id) is None)
        await eventually(lambda: not stage.bot.voice_clients)


async def test_a_channel_that_is_deleted_ends_the_queue_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        script = Script([TALK])
        ticket = await stage.speak(script, heard=10)
        stage.loopback.delete_channel(stage.guild.voice)
        await ended(ticket, 5.0)
        assert len(script.ends) == 1
        await eventually(lambda: stage.player.channel is None)
        await eventually(lambda: not stage.bot.voice_clients)


async def test_the_bot_can_be_called_back_at_once_after_a_disconnect() -> None:
    async with open_stage() as stage:
        await stage.join()
        stage.loopback.disconnect_bot(stage.guild)
        await eventually(lambda: stage.player.channel is None)
        await stage.join()
        assert await stage.play(Script([sentence(0.5)])) is UtteranceEnd.PLAYED


async def test_speech_goes_on_while_the_gateway_reconnects_op_7() -> None:
    async with open_stage() as stage:
        resumed = stage.loopback.gateway.resumed
        await talk_through(stage, stage.loopback.gateway.reconnect, within=0.5)
        assert stage.loopback.gateway.resumed == resumed + 1


async def test_speech_goes_on_after_the_gateway_session_is_invalidated_op_9() -> None:
    async with open_stage() as stage:
        await talk_through(stage, stage.loopback.gateway.invalidate_session)


async def test_speech_goes_on_though_a_new_session_knows_the_guild_late() -> None:
    async with open_stage() as stage:
        gateway = stage.loopback.gateway
        gateway.guild_delay = 0.8  # later than discord.py counts the session as ready
        await talk_through(stage, gateway.break_down, within=3.0)


async def test_a_listener_who_joins_and_leaves_disturbs_nobody() -> None:
    async with open_stage() as stage:
        bob = stage.loopback.add_person(stage.guild, "Bob")
        await stage.join()
        ticket = await stage.speak(Script([TALK]), heard=15)
        bobs = await bob.join_voice()
        await bobs.until_heard(15)
        await bob.leave_voice()
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert bobs.unreadable == 0
        assert stage.listener.unreadable == 0
        assert len(stage.listener.audible) == len(TALK.packets)
        assert longest_break(stage.listener) <= 0.5  # packets may be late where the machine is busy


async def test_speech_waits_until_late_encryption_is_ready() -> None:
    async with open_stage() as stage:
        stage.loopback.voice.late_mls(0.3)
        assert (await stage.player.join(stage.channel())).joined
        assert await stage.play(Script([sentence(0.5)])) is UtteranceEnd.PLAYED
        assert stage.listener.unreadable == 0
        assert len(stage.listener.audible) == len(sentence(0.5).packets)


async def test_speech_that_can_never_be_encrypted_ends_and_says_so() -> None:
    async with open_stage(encryption_seconds=0.3) as stage:
        stage.loopback.voice.late_mls(30.0)
        assert (await stage.player.join(stage.channel())).joined
        tickets = [stage.say(Script([sentence(0.5)])) for _ in range(2)]
        for ticket in tickets:
            assert await ended(ticket) is UtteranceEnd.ENCRYPTION_FAILED
        assert stage.listener.packets == []


async def test_connecting_and_leaving_at_once_never_race() -> None:
    async with open_stage() as stage:
        join, leave = stage.player.join, stage.player.leave
        outcomes = await asyncio.gather(
            join(stage.channel()), leave(), join(stage.channel()), leave(), join(stage.channel())
        )
        assert [getattr(o, "joined", None) for o in outcomes[::2]] == [True, True, True]
        assert await stage.play(Script([sentence(0.3)])) is UtteranceEnd.PLAYED


async def test_a_connection_that_cannot_be_had_back_ends_the_queue_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        script = Script([TALK])
        ticket = await stage.speak(script)
        denied = Overwrite(stage.guild.id, deny=Permission.CONNECT)
        stage.loopback.world.overwrite(stage.guild.voice, denied)
        stage.loopback.close_voice(stage.guild, 4006)
        assert await ended(ticket, 5.0) is UtteranceEnd.CONNECTION_LOST
        assert script.ends == [UtteranceEnd.CONNECTION_LOST]
        assert stage.player.channel is None


async def test_a_gateway_that_does_not_answer_is_waited_for_in_bounds() -> None:
    async with open_stage(connect_seconds=0.3, leave_seconds=0.1) as stage:
        answer = stage.loopback.gateway.on_voice_request
        stage.loopback.gateway.on_voice_request = lambda request: None
        assert await stage.player.join(stage.channel()) is JoinOutcome.TIMED_OUT
        stage.loopback.gateway.on_voice_request = answer
        await stage.join()
        assert await stage.play(Script([sentence(0.3)])) is UtteranceEnd.PLAYED


async def test_recovery_that_never_succeeds_ends_in_bounds() -> None:
    limits = {"connect_seconds": 0.1, "leave_seconds": 0.1, "recovery_seconds": 0.5}
    async with open_stage(**limits) as stage:
        await stage.join()
        ticket = await stage.speak(Script([TALK]))
        stage.loopback.gateway.on_voice_request = lambda request: None
        stage.loopback.close_voice(stage.guild, 4009)
        assert await ended(ticket, 5.0) is UtteranceEnd.CONNECTION_LOST
