"""Who comes and goes: members, and the bot."""

from __future__ import annotations

import asyncio

import pytest
from simcord.builders import ChannelHandle

from loopback import wait_until
from tests.cogs.calls import permit, ready
from tests.cogs.conftest import Scene, content
from tests.cogs.reading.conftest import spoken, write
from tests.cogs.world import World

pytestmark = pytest.mark.usefixtures("voice_client")


@pytest.fixture(autouse=True)
def gathered_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reading.arrivals.GATHER_SECONDS", 0.05)


async def set_for(scene: Scene, key: str, value: object) -> None:
    await scene.world.settings.change_guild(scene.guild.id, key, value, changed_by=None)


async def go(scene: Scene, user_id: int, channel_id: int | None) -> None:
    """Have somebody enter a voice channel or leave; nothing is waited for."""
    scene.env.backend.set_voice_state(scene.guild.id, user_id, channel_id)
    await asyncio.sleep(0)  # discord.py tells of a state by an object that the next one changes


async def told(scene: Scene) -> None:
    """Wait until what is gathered of comings and goings was told."""
    await scene.env.settle()


def place_of_bot(scene: Scene) -> int | None:
    state = scene.guild.voice_states().get(scene.env.backend.bot_user.id)
    return state.channel_id if state is not None else None


@pytest.fixture
async def announcing(reading: Scene) -> Scene:
    """Joins are announced, in the voice of the operator."""
    await reading.world.add_voice("Narrator", 0)
    await set_for(reading, "announce_joins", True)
    return reading


async def test_joins_are_not_announced_by_default(reading: Scene, lounge: ChannelHandle) -> None:
    await reading.world.add_voice("Narrator", 0)
    await reading.mo.join_voice(lounge)
    await told(reading)
    assert spoken(reading) == []


async def test_who_joins_and_who_leaves_is_said(announcing: Scene, lounge: ChannelHandle) -> None:
    await announcing.mo.join_voice(lounge)
    await told(announcing)
    await announcing.ben.leave_voice()
    await told(announcing)
    await announcing.mo.join_voice(announcing.guild.create_voice_channel("Elsewhere"))
    await told(announcing)
    assert spoken(announcing) == ["mo joined.", "ben left.", "mo left."]


async def test_who_goes_again_at_once_is_not_spoken_of(
    announcing: Scene, lounge: ChannelHandle
) -> None:
    await go(announcing, announcing.mo.id, lounge.id)
    await go(announcing, announcing.mo.id, None)
    await told(announcing)
    assert spoken(announcing) == []


async def test_many_at_once_are_told_as_one(announcing: Scene, lounge: ChannelHandle) -> None:
    for number in range(4):
        user = announcing.env.create_user(f"guest {number}")
        await go(announcing, announcing.guild.add_member(user).id, lounge.id)
    await go(announcing, announcing.ben.id, None)
    await told(announcing)
    assert spoken(announcing) == ["four members joined. One member left."]


async def test_muting_oneself_is_no_coming_and_going(announcing: Scene) -> None:
    await announcing.ben.set_voice(self_mute=True)
    await told(announcing)
    assert spoken(announcing) == []


async def test_other_bots_come_and_go_unannounced(announcing: Scene, lounge: ChannelHandle) -> None:
    other = announcing.guild.add_member(announcing.env.create_user("music", bot=True))
    await other.join_voice(lounge)
    await told(announcing)
    assert spoken(announcing) == []


async def test_a_member_is_greeted_as_they_wish_in_their_own_voice(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await reading.ben.leave_voice()
    await reading.world.settings.change_member(
        reading.guild.id, reading.ben.id, "greeting", "Here comes Ben!"
    )
    await reading.ben.join_voice(lounge)
    await told(reading)
    (request,) = reading.world.engine.requests
    assert request.text == "Here comes Ben!"
    voice = await reading.world.store.find(reading.guild.id, "Ben")
    assert request.voice.clip_sha256 == voice.clip_sha256


async def test_it_comes_by_itself_and_reads_the_chat_where_the_server_wants_it(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await set_for(scene, "auto_join", [lounge.id])
    await ready(scene, lounge, scene.ann)
    await scene.env.settle()
    assert place_of_bot(scene) == lounge.id
    await scene.ann.send(lounge, "Read.")
    await write(scene, scene.ann, "Not read.")
    assert spoken(scene) == ["Read."]


async def test_it_comes_to_no_other_channel_by_itself(scene: Scene, lounge: ChannelHandle) -> None:
    await set_for(scene, "auto_join", [scene.guild.create_voice_channel("Other").id])
    await ready(scene, lounge, scene.ann)
    await scene.env.settle()
    assert place_of_bot(scene) is None


async def test_it_does_not_come_by_itself_for_whom_an_admin_blocked(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await set_for(scene, "auto_join", [lounge.id])
    await set_for(scene, "blocked_members", [scene.ann.id])
    await ready(scene, lounge, scene.ann)
    await scene.env.settle()
    assert place_of_bot(scene) is None


async def test_it_does_not_come_by_itself_where_it_may_not(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await set_for(scene, "auto_join", [lounge.id])
    await permit(scene, "bot", lounge, speak=False)
    await ready(scene, lounge, scene.ann)
    await scene.env.settle()
    assert place_of_bot(scene) is None


async def test_it_stays_with_those_to_whom_it_reads(reading: Scene) -> None:
    other = reading.guild.create_voice_channel("Other")
    await set_for(reading, "auto_join", [other.id])
    before = place_of_bot(reading)
    await reading.mo.join_voice(other)
    await reading.env.settle()
    assert place_of_bot(reading) == before


async def test_moved_by_a_moderator_it_reads_on_where_it_is(
    reading: Scene, lounge: ChannelHandle
) -> None:
    other = reading.guild.create_voice_channel("Other")
    await go(reading, reading.env.backend.bot_user.id, other.id)
    await reading.env.settle()
    session = reading.world.bot.services.sessions.of(reading.guild.id)
    assert session is not None
    assert session.voice_channel_id == other.id
    assert set(session.channels) == {reading.channel.id, other.id}


async def test_left_alone_it_leaves_and_reads_no_more(
    world: World, scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.ann.slash(scene.channel, "read start")
    await scene.ann.leave_voice()
    await scene.env.advance_time(world.voice_limits.alone_seconds)
    await wait_until(lambda: place_of_bot(scene) is None, 5, "the bot to leave")
    await scene.env.settle()
    assert scene.world.bot.services.sessions.of(scene.guild.id) is None


async def test_the_moderation_channel_is_told_what_was_read(reading: Scene) -> None:
    watch = reading.guild.create_text_channel("watch")
    await set_for(reading, "moderation_channel", watch.id)
    await set_for(reading, "log_utterances", True)
    await write(reading, reading.ann, "Read and told.")
    await wait_until(lambda: watch.last_message, 5, "a line")
    assert "Read and told." in watch.last_message.content  # type: ignore[union-attr]


async def test_called_elsewhere_it_reads_there_no_more(
    reading: Scene, lounge: ChannelHandle
) -> None:
    other = reading.guild.create_voice_channel("Other")
    await reading.mo.join_voice(other)
    await reading.mo.slash(reading.channel, "join")
    await reading.env.settle()
    assert reading.world.bot.services.sessions.of(reading.guild.id) is None
    told = content(await reading.ann.slash(reading.channel, "read status"))
    assert "I read nothing here" in told
