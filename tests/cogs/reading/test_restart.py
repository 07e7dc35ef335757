"""A second bot on the same data goes on where the first one was reading."""

from __future__ import annotations

import asyncio

import pytest
from simcord.builders import ChannelHandle

from bot.client import MynahBot
from loopback import wait_until
from storage.read_channels import ReadChannel
from tests.cogs.conftest import Scene, content
from tests.cogs.reading.conftest import spoken, write
from tests.cogs.reading.test_presence import place_of_bot, set_for

pytestmark = pytest.mark.usefixtures("voice_client")


async def restart(scene: Scene, *, missed: str = "") -> None:
    """End the bot, have something written meanwhile, start another."""
    world = scene.world
    await world.bot.close()
    if missed:
        backend = scene.env.backend
        backend.create_message(scene.channel.id, scene.ann.id, missed)
    fresh = world.make_bot(shard_count=1, message_content=True)
    await scene.env.restart_bot(fresh)
    world.__dict__["bot"] = fresh
    await scene.env.settle()


async def test_it_is_back_says_so_once_and_reads_nothing_twice(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await reading.world.add_voice("Narrator", 0)
    await write(reading, reading.ann, "Before.")
    await restart(reading, missed="Missed.")
    assert place_of_bot(reading) == lounge.id
    await write(reading, reading.ben, "After.")
    assert spoken(reading) == ["Before.", "I am back, and read on.", "After."]
    assert "aloud" in str(await status(reading))


async def test_without_a_voice_for_it_it_writes_that_it_is_back(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await restart(reading)
    assert lounge.last_message is not None
    assert lounge.last_message.content == "I am back, and read on."
    assert spoken(reading) == []


async def ready_again(bot: MynahBot) -> None:
    """Tell the bot that a session is ready, and wait until it has done what it does then."""
    bot.dispatch("ready")
    await asyncio.sleep(0)
    lanes = [task for task in asyncio.all_tasks() if task.get_name() == "lane"]
    await asyncio.gather(*lanes)


async def status(scene: Scene) -> object:
    result = await scene.ann.slash(scene.channel, "read status")
    assert result.response is not None
    return result.response.embeds[0].description


async def test_it_stays_away_where_the_server_wants_that(reading: Scene) -> None:
    await set_for(reading, "resume", False)
    await restart(reading)
    assert place_of_bot(reading) is None
    told = content(await reading.ann.slash(reading.channel, "read status"))
    assert "I read nothing here" in told


async def test_it_stays_away_where_nobody_is(reading: Scene) -> None:
    await reading.ann.leave_voice()
    await reading.ben.leave_voice()
    await restart(reading)
    assert place_of_bot(reading) is None
    assert reading.world.bot.services.sessions.of(reading.guild.id) is None


async def test_a_server_that_is_not_there_yet_is_waited_for(
    reading: Scene, lounge: ChannelHandle
) -> None:
    bot = reading.world.bot
    await bot.services.voice.player(reading.guild.id).leave()
    await reading.env.settle()
    guild = bot.get_guild(reading.guild.id)
    assert guild is not None
    await bot.services.sessions.start(ReadChannel(guild.id, lounge.id, lounge.id, 1))
    guild.unavailable = True
    await ready_again(bot)
    assert place_of_bot(reading) is None  # its channels are not known, nor who is in them
    assert bot.services.sessions.of(guild.id) is not None
    guild.unavailable = False
    bot.dispatch("guild_available", guild)
    await wait_until(lambda: place_of_bot(reading) == lounge.id, 5, "the bot to come")


async def test_what_was_stopped_stays_so(reading: Scene, lounge: ChannelHandle) -> None:
    await reading.ann.slash(reading.channel, "read stop", text_channel=reading.channel)
    await restart(reading)
    await write(reading, reading.ann, "Not read.")
    assert place_of_bot(reading) == lounge.id
    assert "Not read." not in spoken(reading)


async def test_members_who_came_meanwhile_are_read_where_it_comes_by_itself(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await reading.ann.slash(reading.channel, "leave")
    await set_for(reading, "auto_join", [lounge.id])
    await restart(reading)
    assert place_of_bot(reading) == lounge.id
    await reading.ann.send(lounge, "Read.")
    await reading.env.settle()
    assert spoken(reading) == ["Read."]


async def test_sent_out_it_does_not_come_back_with_the_next_session(
    reading: Scene, lounge: ChannelHandle
) -> None:
    await set_for(reading, "auto_join", [lounge.id])
    await reading.ann.slash(reading.channel, "leave")
    await reading.env.settle()
    await ready_again(reading.world.bot)
    assert place_of_bot(reading) is None


async def test_a_lost_connection_is_made_again_when_somebody_enters(
    reading: Scene, lounge: ChannelHandle
) -> None:
    player = reading.world.bot.services.voice.player(reading.guild.id)
    await player.leave()
    bot = reading.world.bot
    await bot.services.sessions.start(ReadChannel(reading.guild.id, lounge.id, lounge.id, 1))
    bot.services.voice.on_left(reading.guild.id, True)
    assert "I lost the connection" in content(
        await reading.ann.slash(reading.channel, "read status")
    )
    await reading.mo.join_voice(lounge)
    await reading.env.settle()
    assert place_of_bot(reading) == lounge.id
    bot.dispatch("resumed")
    await write(reading, reading.ann, "Not read.")
    await reading.ann.send(lounge, "Read.")
    await reading.env.settle()
    assert spoken(reading)[-1] == "Read."
