"""/read start, stop and status."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle
from structlog.typing import EventDict

from bot.errors import EngineDeadError
from tests.cogs.calls import permit, ready, say
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.reading.conftest import spoken, write
from tests.storage.conftest import set_guild_default

pytestmark = pytest.mark.usefixtures("voice_client")


async def test_start_reads_the_voice_channels_chat_and_the_channel_where_it_was_called(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    result = await scene.ann.slash(scene.channel, "read start")
    assert result.ephemeral
    assert as_read(content(result)).splitlines() == [
        f"I read <#{scene.channel.id}>, <#{lounge.id}> aloud in <#{lounge.id}>.",
        "Who has no voice here is not read: /enroll makes one.",
    ]
    await scene.ann.send(lounge, "In the voice chat.")
    await scene.ann.send(scene.channel, "In general.")
    await scene.env.settle()
    assert spoken(scene) == ["In the voice chat.", "In general."]


async def test_start_joins_the_members_channel(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.ann.slash(scene.channel, "read start")
    assert scene.guild.voice_states()[scene.env.backend.bot_user.id].channel_id == lounge.id


async def test_a_named_text_channel_alone_is_read(scene: Scene, lounge: ChannelHandle) -> None:
    await ready(scene, lounge, scene.ann)
    await scene.world.add_voice("Narrator", 0)
    news = scene.guild.create_text_channel("news")
    result = await scene.ann.slash(scene.channel, "read start", text_channel=news)
    assert content(result) == f"I read <#{news.id}> aloud in <#{lounge.id}>."
    await scene.ann.send(scene.channel, "Not read.")
    await scene.ann.send(news, "Read.")
    await scene.env.settle()
    assert spoken(scene) == ["Read."]


async def test_several_text_channels_feed_one_voice_channel(reading: Scene) -> None:
    news = reading.guild.create_text_channel("news")
    await reading.ann.slash(reading.channel, "read start", text_channel=news)
    await reading.ann.send(news, "From news.")
    await write(reading, reading.ben, "From general.")
    assert spoken(reading) == ["From news.", "From general."]


async def test_a_member_outside_voice_channels_is_asked_to_join_one(scene: Scene) -> None:
    answer = content(await scene.ann.slash(scene.channel, "read start"))
    assert "Join a voice channel first" in answer


async def test_who_is_not_in_the_voice_channel_cannot_have_it_read_to(
    scene: Scene, lounge: ChannelHandle
) -> None:
    result = await scene.ann.slash(scene.channel, "read start", voice_channel=lounge)
    assert f"Join <#{lounge.id}> to have something read there" in content(result)


async def test_who_manages_the_server_can_have_it_read_anywhere(
    scene: Scene, lounge: ChannelHandle
) -> None:
    result = await scene.mo.slash(scene.channel, "read start", voice_channel=lounge)
    assert f"aloud in <#{lounge.id}>" in content(result)


async def test_a_channel_that_the_bot_cannot_see_is_named(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    secret = scene.guild.create_text_channel("secret")
    await permit(scene, "bot", secret, view_channel=False)
    result = await scene.ann.slash(scene.channel, "read start", text_channel=secret)
    assert f"I may not see <#{secret.id}>" in content(result)


async def test_a_voice_channel_that_the_bot_may_not_join_is_refused_as_by_join(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    await permit(scene, "bot", lounge, connect=False)
    assert "may not join" in content(await scene.ann.slash(scene.channel, "read start"))


async def test_a_channel_that_the_settings_do_not_allow_is_refused(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    allowed = scene.guild.create_text_channel("bots")
    await scene.world.settings.change_guild(
        scene.guild.id, "text_channels", [allowed.id], changed_by=None
    )
    refused = content(await scene.ann.slash(allowed, "read start", text_channel=scene.channel))
    assert f"Use one of these: <#{allowed.id}>" in refused
    assert "aloud" in content(await scene.ann.slash(allowed, "read start", text_channel=allowed))


async def test_who_is_blocked_cannot_have_anything_read(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await ready(scene, lounge, scene.ann)
    settings, ann = scene.world.settings, scene.ann.id
    await settings.change_guild(scene.guild.id, "blocked_members", [ann], changed_by=None)
    assert "You are blocked" in content(await scene.ann.slash(scene.channel, "read start"))


async def test_the_bot_is_not_taken_from_those_whom_it_reads_to(reading: Scene) -> None:
    elsewhere = reading.guild.create_voice_channel("Elsewhere")
    await reading.mo.join_voice(elsewhere)
    carla = reading.guild.add_member(reading.env.create_user("carla"))
    await carla.join_voice(elsewhere)
    for command, options in (("read start", {}), ("join", {}), ("say", {"text": "Hi."})):
        await set_guild_default(
            reading.world.store,
            reading.guild.id,
            (await reading.world.store.find(reading.guild.id, "Ann")).id,
        )
        refused = as_read(content(await carla.slash(reading.channel, command, **options)))
        assert "I am reading aloud in" in refused, command
        assert "/read stop" in refused
    moved = await reading.mo.slash(reading.channel, "read start")
    assert f"aloud in <#{elsewhere.id}>" in content(moved)


async def test_stop_ends_the_reading_and_keeps_the_bot(reading: Scene) -> None:
    result = await reading.ann.slash(reading.channel, "read stop")
    assert content(result).startswith("I do not read <#")
    await write(reading, reading.ann, "Not read.")
    assert spoken(reading) == []
    assert reading.env.backend.bot_user.id in reading.guild.voice_states()


async def test_one_channel_can_be_stopped(reading: Scene, lounge: ChannelHandle) -> None:
    await reading.ann.slash(reading.channel, "read stop", text_channel=reading.channel)
    await reading.ann.send(lounge, "Still read.")
    await write(reading, reading.ann, "Not read.")
    assert spoken(reading) == ["Still read."]


@pytest.mark.usefixtures("texts_wait")
async def test_what_waits_of_a_stopped_channel_is_dropped(reading: Scene) -> None:
    await say(reading, "Said.")
    await write(reading, reading.ann, "Chatter.")
    await reading.ann.slash(reading.channel, "read stop")
    player = reading.world.bot.services.voice.player(reading.guild.id)
    assert [entry.first_words for entry in player.snapshot()] == ["Said."]


async def test_stop_says_that_nothing_is_read(scene: Scene) -> None:
    answer = as_read(content(await scene.ann.slash(scene.channel, "read stop")))
    assert answer == "I read nothing here. /read start begins."


async def test_stop_says_that_a_channel_is_not_read(reading: Scene) -> None:
    news = reading.guild.create_text_channel("news")
    result = await reading.ann.slash(reading.channel, "read stop", text_channel=news)
    assert f"I do not read <#{news.id}>" in content(result)


async def test_who_is_elsewhere_cannot_stop_the_reading(reading: Scene) -> None:
    carla = reading.guild.add_member(reading.env.create_user("carla"))
    assert "can end the reading" in content(await carla.slash(reading.channel, "read stop"))
    assert "any more" in content(await reading.mo.slash(reading.channel, "read stop"))


async def test_who_started_it_can_stop_it_from_anywhere(reading: Scene) -> None:
    await reading.ann.leave_voice()
    assert "any more" in content(await reading.ann.slash(reading.channel, "read stop"))


@pytest.mark.usefixtures("texts_wait")
async def test_status_tells_what_is_read_what_waits_and_what_was_skipped(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await write(reading, reading.ann, "One.")
    await write(reading, reading.ann, "; skipped")
    result = await reading.ben.slash(reading.channel, "read status")
    assert result.ephemeral
    assert result.response is not None
    card = result.response.embeds[0].to_dict()
    told = {field["name"]: field["value"] for field in card["fields"]}
    assert f"<#{lounge.id}>" in card["description"]
    assert told["What"] == "every message"
    assert told["Waiting"].startswith("one message, about ")
    assert told["Not read since I began"] == "1 × it begins with the mark that skips"
    assert "ends when I leave" in card["footer"]["text"]


async def test_status_says_how_reading_begins(scene: Scene) -> None:
    answer = as_read(content(await scene.ann.slash(scene.channel, "read status")))
    assert "I read nothing here. /read start begins" in answer


async def test_reading_ends_when_the_bot_is_sent_out(reading: Scene, lounge: ChannelHandle) -> None:
    await reading.ann.slash(reading.channel, "leave")
    await reading.env.settle()
    assert "nothing here" in content(await reading.ann.slash(reading.channel, "read status"))
    await reading.ann.slash(reading.channel, "join")
    await write(reading, reading.ann, "Not read.")
    assert spoken(reading) == []
    await reading.world.bot.services.sessions.load()
    assert reading.world.bot.services.sessions.of(reading.guild.id) is None


async def test_chatter_of_others_does_not_keep_the_bot(reading: Scene) -> None:
    await write(reading, reading.ben, "Some chatter.")
    result = await reading.ann.slash(reading.channel, "leave")
    assert content(result) == "I left the voice channel."


async def test_a_deleted_channel_is_read_no_more(reading: Scene) -> None:
    news = reading.guild.create_text_channel("news")
    await reading.ann.slash(reading.channel, "read start", text_channel=news)
    channel = reading.world.bot.get_channel(news.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    await reading.env.settle()
    session = reading.world.bot.services.sessions.of(reading.guild.id)
    assert session is not None
    assert news.id not in session.channels


async def test_start_and_status_tell_of_an_engine_that_is_not_ready(reading: Scene) -> None:
    reading.world.engine.ready = False
    started = await reading.ann.slash(reading.channel, "read start")
    shown = await reading.ann.slash(reading.channel, "read status")
    assert shown.response is not None
    for text in (content(started), shown.response.embeds[0].description or ""):
        assert "The voice engine is starting again" in text


async def test_an_engine_that_is_lost_is_logged_once(
    reading: Scene, log_lines: list[EventDict]
) -> None:
    reading.world.engine.failure = EngineDeadError("no memory")
    for text in ("One.", "Two.", "Three."):
        await write(reading, reading.ann, text)
    errors = [line for line in log_lines if line["log_level"] == "error"]
    assert [line["error"] for line in errors] == ["no memory"]
    log_lines.remove(errors[0])


async def test_reading_ends_with_the_voice_channel(reading: Scene, lounge: ChannelHandle) -> None:
    channel = reading.world.bot.get_channel(lounge.id)
    await channel.delete()  # type: ignore[union-attr]
    await reading.env.settle()
    told = content(await reading.ann.slash(reading.channel, "read status"))
    assert "I read nothing here" in told
