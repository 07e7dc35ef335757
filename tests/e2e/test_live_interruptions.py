"""Every end of a live recording but Stop: nothing is kept, the bot is deaf again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.consent.recording import RecordingEnd, RecordingState
from bot.errors import UserError
from loopback import encode_opus
from tests.e2e.test_live_recording import FAST, Recorded, open_call, result, spoken, stopped
from tests.voice.stage import eventually

Interrupt = Callable[[Recorded], Awaitable[object] | None]


def move_bot(call: Recorded) -> None:
    den = call.stage.loopback.add_voice_channel(call.stage.guild, "Den")
    call.stage.loopback.move_bot(call.stage.guild, den)


def move_ada(call: Recorded) -> Awaitable[object]:
    return call.stage.ada.join_voice(call.stage.loopback.add_voice_channel(call.stage.guild, "Den"))


ENDS: dict[str, tuple[Interrupt, RecordingEnd]] = {
    "Cancel": (lambda call: call.stage.player.recording.cancel(), RecordingEnd.CANCELLED),
    "the member leaves": (lambda call: call.stage.ada.leave_voice(), RecordingEnd.MEMBER_LEFT),
    "the member is moved": (move_ada, RecordingEnd.MEMBER_MOVED),
    "the member mutes": (lambda call: call.stage.ada.mute_self(), RecordingEnd.MEMBER_MUTED),
    "a moderator mutes": (
        lambda call: call.stage.loopback.voice.mute(call.stage.guild, call.stage.ada.id, True),
        RecordingEnd.MEMBER_MUTED,
    ),
    "the bot is moved": (move_bot, RecordingEnd.BOT_MOVED),
    "the bot is disconnected": (
        lambda call: call.stage.loopback.disconnect_bot(call.stage.guild),
        RecordingEnd.BOT_LEFT,
    ),
    "the bot is told to leave": (lambda call: call.stage.player.leave(), RecordingEnd.BOT_LEFT),
    "the bot is deafened": (
        lambda call: call.stage.loopback.deafen_bot(call.stage.guild),
        RecordingEnd.BOT_DEAFENED,
    ),
    "the voice connection breaks": (
        lambda call: call.stage.loopback.close_voice(call.stage.guild, 4009),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the voice server crashes": (
        lambda call: call.stage.loopback.close_voice(call.stage.guild, 4015),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the call moves to another server": (
        lambda call: call.stage.loopback.voice.move_region(call.stage.guild),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the gateway reconnects": (
        lambda call: call.stage.loopback.gateway.reconnect(),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the gateway's session is lost": (
        lambda call: call.stage.loopback.gateway.invalidate_session(),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the gateway breaks down": (
        lambda call: call.stage.loopback.gateway.break_down(),
        RecordingEnd.CONNECTION_LOST,
    ),
    "the bot is thrown out": (
        lambda call: call.stage.loopback.remove_bot(call.stage.guild),
        RecordingEnd.BOT_LEFT,
    ),
    "the program ends": (lambda call: call.stage.player.close(), RecordingEnd.SHUTTING_DOWN),
}


@pytest.mark.parametrize("what", ENDS)
async def test_interruption_keeps_nothing_and_leaves_the_bot_deaf(what: str) -> None:
    interrupt, expected = ENDS[what]
    async with open_call() as call:
        recording = await call.start()
        await call.ada_says.say(encode_opus(spoken(0.5)), pace=FAST)
        await eventually(lambda: recording.state is RecordingState.RECORDING)
        done = interrupt(call)
        if done is not None:
            await done
        assert await result(recording) == (expected, None)
        assert recording._packets == []
        await eventually(lambda: call.is_deaf and not call.listens, what="deafness")
        assert call.stage.player.recording is None


@pytest.mark.parametrize("what", ["the voice connection breaks", "the gateway's session is lost"])
async def test_member_can_record_again_after_a_reconnect(what: str) -> None:
    async with open_call() as call:
        recording = await call.start()
        ENDS[what][0](call)
        assert await result(recording) == (RecordingEnd.CONNECTION_LOST, None)
        await eventually(lambda: not call.stage.player._keeper.link.sound)
        await eventually(lambda: call.stage.player._keeper.link.sound, within=10)
        await call.stage.loopback.voice.wait_settled(call.stage.guild)
        again = await call.start()
        said = encode_opus(spoken(1.0))
        await call.ada_says.say(said, pace=FAST)
        speech, _ = await stopped(again, len(said))
        assert [packet.opus for packet in speech.packets] == said


@pytest.mark.parametrize("what", ENDS)
async def test_interruption_while_it_begins_leaves_the_bot_deaf(what: str) -> None:
    interrupt, _ = ENDS[what]
    async with open_call() as call:
        beginning = asyncio.create_task(call.start())
        while call.stage.player.recording is None:
            await asyncio.sleep(0)
        recording = call.stage.player.recording
        done = interrupt(call)
        if done is not None:
            await done
        end, speech = await result(recording)
        assert not end.kept
        assert speech is None
        await asyncio.wait([beginning])
        failure = beginning.exception()
        assert isinstance(failure, UserError) or beginning.result() is recording
        await eventually(lambda: call.is_deaf and not call.listens, what="deafness")
        assert call.stage.player.recording is None


async def test_wish_to_be_deaf_that_crosses_a_disconnect_does_not_bring_the_bot_back() -> None:
    async with open_call() as call:
        recording = await call.start()
        states = call.stage.loopback.voice.bot_states
        recording.cancel()
        call.stage.loopback.disconnect_bot(call.stage.guild)
        assert await result(recording) == (RecordingEnd.CANCELLED, None)
        # It was brought back, and left at once.
        ways = [True, False, True, False]
        await eventually(lambda: [state.channel_id is not None for state in states][-4:] == ways)
        assert not call.listens
