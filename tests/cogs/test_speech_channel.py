"""/join and /leave."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.voice.link import JoinOutcome
from cogs.speech_cards import join_text
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content

pytestmark = pytest.mark.usefixtures("voice_client")


async def test_join_without_a_channel_takes_the_members_own(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await scene.ann.join_voice(lounge)
    result = await scene.ann.slash(scene.channel, "join")
    assert content(result) == f"I am in <#{lounge.id}> now."
    again = await scene.ann.slash(scene.channel, "join", channel=lounge)
    assert content(again) == f"I am in <#{lounge.id}> already."


@pytest.mark.parametrize("outcome", list(JoinOutcome))
def test_every_outcome_of_joining_has_its_words(outcome: JoinOutcome, scene: Scene) -> None:
    lounge = scene.world.bot.get_channel(scene.guild.create_voice_channel("Lounge").id)
    assert isinstance(lounge, discord.VoiceChannel)
    assert join_text(outcome, lounge).endswith(".")


@pytest.mark.usefixtures("texts_wait")
async def test_leave_forgets_what_waits(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    said = await say(scene)
    left = await scene.ann.slash(scene.channel, "leave")
    await scene.env.settle()
    assert content(left) == "I left the voice channel."
    assert "I left the voice channel." in content(said)
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()


async def test_who_is_elsewhere_cannot_send_it_out(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "to send me out" in content(await scene.ben.slash(scene.channel, "leave"))


@pytest.mark.usefixtures("texts_wait")
async def test_a_listener_cannot_send_it_out_while_a_text_of_another_is_waiting(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann, scene.ben)
    await say(scene)
    assert "others are waiting" in content(await scene.ben.slash(scene.channel, "leave"))


async def test_leave_without_a_channel_says_so(scene: Scene) -> None:
    assert "in no voice channel" in content(await scene.ann.slash(scene.channel, "leave"))
