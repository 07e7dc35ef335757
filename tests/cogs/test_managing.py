"""Manage Server, and no other permission, is enough for what a moderator may do."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, content

pytestmark = pytest.mark.usefixtures("texts_wait")


async def test_it_is_enough_to_skip_and_stop(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    await say(scene)
    assert content(await scene.mo.slash(scene.channel, "skip")) == "Skipped."
    assert content(await scene.mo.slash(scene.channel, "stop")) == "Stopped; 1 text forgotten."


async def test_it_is_enough_to_send_the_bot_out_from_elsewhere(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    said = await say(scene)
    assert "takes the permission" in content(await scene.ben.slash(scene.channel, "leave"))
    assert content(await scene.mo.slash(scene.channel, "leave")) == "I left the voice channel."
    await scene.env.settle()
    assert content(said).endswith("I left the voice channel.")


async def test_it_is_enough_to_call_the_bot_away(scene: Scene, lounge: ChannelHandle) -> None:
    other = scene.guild.create_voice_channel("Other")
    await ready(scene, lounge, scene.ann)
    await say(scene)
    refused = await scene.ben.slash(scene.channel, "join", channel=other)
    assert f"I am speaking in <#{lounge.id}> right now" in content(refused)
    moved = await scene.mo.slash(scene.channel, "join", channel=other)
    assert content(moved) == f"I am in <#{other.id}> now."


@pytest.mark.parametrize(
    ("command", "options", "answer"),
    [
        ("voice rename", {"name": "Annie"}, "is now called “Annie”"),
        ("voice tune", {"exaggeration": 1.5}, "speaks with exaggeration 1.5"),
        ("voice default", {"server": True}, "speaks for everybody"),
    ],
)
async def test_it_is_enough_to_change_a_voice_of_the_server(
    scene: Scene, command: str, options: dict[str, object], answer: str
) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    assert answer in content(await scene.mo.slash(scene.channel, command, voice="Ann", **options))
