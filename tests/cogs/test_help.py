"""/help."""

from __future__ import annotations

import time

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.condition import Condition
from bot.i18n import Translatable
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene, as_read


async def shown(scene: Scene, member: MemberActor) -> dict[str, str]:
    result = await member.slash(scene.channel, "help")
    assert result.ephemeral
    assert result.response is not None
    (embed,) = result.response.embeds
    return {field.name or "": as_read(field.value or "") for field in embed.fields}


async def test_outside_a_voice_channel_one_is_told_to_join_one(scene: Scene) -> None:
    assert (await shown(scene, scene.ann))["Speaking"] == (
        "Join a voice channel first; then /say speaks there."
    )


async def test_in_a_voice_channel_say_calls_the_bot(scene: Scene, lounge: ChannelHandle) -> None:
    await scene.ann.join_voice(lounge)
    assert f"/say calls me into <#{lounge.id}>" in (await shown(scene, scene.ann))["Speaking"]


@pytest.mark.usefixtures("texts_wait")
async def test_beside_the_bot_one_is_told_how_to_steer_it(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert "I am in your voice channel" in (await shown(scene, scene.ann))["Speaking"]


@pytest.mark.usefixtures("texts_wait")
async def test_elsewhere_one_is_told_where_the_bot_is(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await say(scene)
    assert f"I am in <#{lounge.id}>. Join" in (await shown(scene, scene.ben))["Speaking"]
    other = scene.guild.create_voice_channel("Other")
    await scene.ben.join_voice(other)
    assert f"you are in <#{other.id}>" in (await shown(scene, scene.ben))["Speaking"]


async def test_without_a_voice_enroll_is_named_and_what_changes_voices_is_not(
    scene: Scene,
) -> None:
    text = (await shown(scene, scene.ann))["Voices"]
    assert "no voice of your own yet: /enroll" in text
    assert "/voice tune" not in text


async def test_with_a_voice_it_says_who_speaks_and_how_to_change_it(scene: Scene) -> None:
    await scene.world.add_voice("Ann", scene.guild.id, scene.ann.id)
    text = (await shown(scene, scene.ann))["Voices"]
    assert "“Ann” speaks for you" in text
    assert "/voice replace" in text
    assert "/enroll" not in text


async def test_reading_and_ones_own_settings_are_named(scene: Scene) -> None:
    told = await shown(scene, scene.ann)
    assert told["Reading"].startswith("/read start has a channel read aloud")
    assert told["Your own"].startswith("/me: which voice speaks for you")
    assert "/dictionary add" in told["Your own"]
    assert "/privacy delete" in told["Your own"]


async def test_only_who_manages_the_server_reads_of_managing_it(scene: Scene) -> None:
    managing = (await shown(scene, scene.mo))["For this server"]
    assert "Manage Server: /settings changes how I work here" in managing
    assert "For this server" not in await shown(scene, scene.ann)


async def test_an_engine_that_fails_is_told_of_with_its_next_try(scene: Scene) -> None:
    told = Translatable(
        "The voice engine is out of order: {reason}. It is tried again in {seconds} s.",
        reason=Translatable("it stopped unexpectedly"),
        seconds=8,
    )
    until = time.monotonic() + 8
    scene.world.engine.trouble = Condition("failing", next_try=until, for_members=told)
    result = await scene.ann.slash(scene.channel, "help")
    assert result.response is not None
    (embed,) = result.response.embeds
    assert "out of order: it stopped unexpectedly. It is tried again in 8 s." in str(
        embed.description
    )
