"""Threads: read where `/read start` is used in them, and as long as the bot is told of them."""

from __future__ import annotations

import discord
import pytest
from simcord.builders import ChannelHandle

from tests.cogs.calls import permit
from tests.cogs.conftest import Scene, content
from tests.cogs.reading.conftest import spoken


async def thread_of(scene: Scene, kind: str) -> ChannelHandle:
    """Make a thread in #general in which Ann is."""
    channel = scene.world.bot.get_channel(scene.channel.id)
    assert isinstance(channel, discord.TextChannel)
    made = await channel.create_thread(name="side", type=discord.ChannelType[kind])
    await made.add_user(discord.Object(scene.ann.id))
    await scene.env.settle()
    (thread,) = scene.channel.threads
    return thread


async def test_one_thread_can_be_stopped(reading: Scene) -> None:
    thread = await thread_of(reading, "public_thread")
    await reading.ann.slash(thread, "read start")
    told = content(await reading.ann.slash(thread, "read stop", text_channel=thread))
    assert told == f"I do not read <#{thread.id}> any more."
    await reading.ann.send(thread, "In the thread.")
    await reading.ann.send(reading.channel, "In the channel.")
    await reading.env.settle()
    assert spoken(reading) == ["In the channel."]


@pytest.mark.parametrize(("manages", "told"), [(False, "I am not in this"), (True, "I read")])
async def test_a_private_thread_is_read_only_where_the_bot_is_told_of_it(
    reading: Scene, manages: bool, told: str
) -> None:
    thread = await thread_of(reading, "private_thread")
    await permit(reading, "bot", reading.channel, manage_threads=manages)
    assert content(await reading.ann.slash(thread, "read start")).startswith(told)
