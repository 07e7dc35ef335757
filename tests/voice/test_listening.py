"""When the bot is deaf, and when a member may be heard."""

import asyncio

import pytest

from bot.consent.recording import RecordingEnd, RecordingResult
from bot.errors import UserError
from tests.voice.stage import Stage, eventually, open_stage


def deafness(stage: Stage) -> list[bool]:
    """How Discord saw the bot, one after the other, without repetition."""
    states = [state for state in stage.loopback.voice.bot_states if state.channel_id is not None]
    seen = [state.self_deaf for state in states]
    return [deaf for before, deaf in zip([None, *seen], seen, strict=False) if deaf != before]


async def test_bot_is_deaf_but_for_a_recording() -> None:
    async with open_stage() as stage:
        await stage.join()
        recording = await stage.player.record(stage.ada.id)
        assert deafness(stage) == [True, False]
        recording.cancel()
        result = await asyncio.wait_for(recording.ended, 5)
        assert result == RecordingResult(RecordingEnd.CANCELLED)
        assert deafness(stage) == [True, False, True]


async def test_second_member_is_told_who_records() -> None:
    async with open_stage() as stage:
        await stage.join()
        bob = stage.loopback.add_person(stage.guild, "Bob")
        await bob.join_voice()
        await eventually(lambda: bob.id in stage.channel().voice_states)
        recording = await stage.player.record(stage.ada.id)
        with pytest.raises(UserError, match=f"I am recording <@{stage.ada.id}>"):
            await stage.player.record(bob.id)
        recording.cancel()
        await recording.ended
        (await stage.player.record(bob.id)).cancel()
