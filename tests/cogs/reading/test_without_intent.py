"""Without the message content, Discord tells what mentions the bot and what answers it."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle

from tests.cogs.calls import ready
from tests.cogs.conftest import Scene, content
from tests.cogs.reading.conftest import spoken, write

pytestmark = pytest.mark.usefixtures("voice_client")


@pytest.fixture
def message_content() -> bool:
    return False


@pytest.fixture
def me(scene: Scene) -> str:
    """The mention of the bot."""
    assert scene.world.bot.user is not None
    return scene.world.bot.user.mention


async def test_start_explains_what_is_spoken(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    answer = content(await scene.ann.slash(scene.channel, "read start"))
    name, application = scene.world.bot.user, scene.world.bot.application_id
    assert f"“@{name.name} hello”, reply to me, or use Apps > Speak this" in answer  # type: ignore[union-attr]
    assert f"<https://discord.com/developers/applications/{application}/bot>" in answer
    assert len(answer) < 600


async def test_status_tells_what_is_spoken(reading: Scene) -> None:
    result = await reading.ann.slash(reading.channel, "read status")
    assert result.response is not None
    (what, *_) = result.response.embeds[0].fields
    assert what.value == "messages that mention me, replies to me, and “Speak this”"


async def test_a_message_that_mentions_the_bot_is_spoken_and_others_are_not(
    reading: Scene, me: str
) -> None:
    await write(reading, reading.ann, "Not told.")
    await write(reading, reading.ann, f"{me} hello.")
    await write(reading, reading.ben, f"And {me} is here.")
    assert spoken(reading) == ["hello.", f"And {reading.world.bot.user.name} is here."]  # type: ignore[union-attr]


async def test_an_answer_to_the_bot_is_spoken(reading: Scene) -> None:
    channel = reading.world.bot.get_channel(reading.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("Somebody there?")
    await write(reading, reading.ann, "I am.", reply_to=message)
    assert spoken(reading) == ["I am."]


async def test_whoever_is_in_the_bots_call_is_spoken_from_any_channel(
    scene: Scene, lounge: ChannelHandle, me: str
) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.ann.slash(scene.channel, "join")
    await write(scene, scene.ann, f"{me} from anywhere.")
    assert spoken(scene) == ["from anywhere."]


async def test_who_is_in_another_call_or_none_is_not_spoken(reading: Scene, me: str) -> None:
    hall = reading.guild.create_text_channel("hall")
    await reading.world.add_voice("Mo", reading.guild.id, reading.mo.id)
    await reading.mo.send(hall, f"{me} from outside.")
    await reading.mo.join_voice(reading.guild.create_voice_channel("Elsewhere"))
    await reading.mo.send(hall, f"{me} from elsewhere.")
    await reading.env.settle()
    assert spoken(reading) == []


async def test_a_message_to_the_bot_calls_it(scene: Scene, lounge: ChannelHandle, me: str) -> None:
    await ready(scene, lounge, scene.ann)
    await write(scene, scene.ann, f"What is {me}?")
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()
    await write(scene, scene.ann, f"{me} come and say this.")
    assert scene.guild.voice_states()[scene.env.backend.bot_user.id].channel_id == lounge.id
    assert spoken(scene) == ["come and say this."]


async def test_a_message_to_the_bot_calls_it_from_where_nothing_is_spoken(
    scene: Scene, lounge: ChannelHandle, me: str
) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.ann.slash(scene.channel, "join")
    hall = scene.guild.create_voice_channel("Hall")
    await ready(scene, hall, scene.ben)
    await write(scene, scene.ben, f"{me} come here.")
    assert scene.guild.voice_states()[scene.env.backend.bot_user.id].channel_id == hall.id
    assert spoken(scene) == ["come here."]


async def test_a_message_to_the_bot_keeps_to_the_allowed_channels(
    scene: Scene, lounge: ChannelHandle, me: str
) -> None:
    await ready(scene, lounge, scene.ann)
    other = scene.guild.create_voice_channel("Other")
    settings = scene.world.settings
    await settings.change_guild(scene.guild.id, "voice_channels", [other.id], changed_by=None)
    await write(scene, scene.ann, f"{me} hello.")
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()


async def test_who_may_not_call_the_bot_does_not_by_a_mention(
    scene: Scene, lounge: ChannelHandle, me: str
) -> None:
    await ready(scene, lounge, scene.ann)
    settings = scene.world.settings
    await settings.change_guild(scene.guild.id, "blocked_members", [scene.ann.id], changed_by=None)
    await write(scene, scene.ann, f"{me} hello.")
    assert scene.env.backend.bot_user.id not in scene.guild.voice_states()
