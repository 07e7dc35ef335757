"""Chat that is read in the voice of another, and what its owner decides meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.reading.message import Author
from bot.reading.place import Place
from storage.settings import SettingsStore
from tests.cogs.calls import say
from tests.cogs.conftest import Scene
from tests.cogs.panels import open_panel
from tests.cogs.reading.conftest import write

pytestmark = pytest.mark.usefixtures("texts_wait")


def waiting(scene: Scene) -> list[tuple[str, str]]:
    """What waits behind the text that is being said, and in whose voice."""
    player = scene.world.bot.services.voice.player(scene.guild.id)
    return [(entry.first_words, entry.voice_name) for entry in player.snapshot()[1:]]


@pytest.fixture
async def borrowed(reading: Scene) -> Scene:
    """Ben is read in a voice of Ann's; something is being said, so that what he writes waits."""
    await reading.world.add_voice("Anns", reading.guild.id, reading.ann.id)
    await reading.ben.slash(reading.channel, "voice default", voice="Anns")
    await say(reading, "Said first.", voice="Ann")
    await write(reading, reading.ben, "Before.")
    assert waiting(reading) == [("Before.", "Anns")]
    return reading


async def shrink(scene: Scene) -> None:
    panel = await open_panel(scene, scene.ann, "voice share", voice="Anns")
    await panel.choose("reach", "owner")


async def block(scene: Scene) -> None:
    await scene.ann.slash(scene.channel, "voice block", member=scene.ben)


async def pause(scene: Scene) -> None:
    await scene.ann.slash(scene.channel, "voice pause", voice="Anns")


@pytest.mark.parametrize("change", [shrink, block, pause])
async def test_what_waits_is_ended_and_the_next_is_read_in_ones_own_voice(
    borrowed: Scene, change: Callable[[Scene], Awaitable[None]]
) -> None:
    await change(borrowed)
    await borrowed.env.settle()
    assert waiting(borrowed) == []
    await write(borrowed, borrowed.ben, "After.")
    assert waiting(borrowed) == [("After.", "Ben")]


async def test_who_comes_is_greeted_in_their_next_own_voice(borrowed: Scene) -> None:
    services, guild = borrowed.world.bot.services, borrowed.guild.id
    await services.settings.change_member(guild, borrowed.ben.id, "greeting", "Hello all!")
    await shrink(borrowed)
    channel = services.voice.player(guild).channel
    assert channel is not None
    author, place = Author(borrowed.ben.id, "ben"), Place(channel.id)
    greeting = await services.reading.joined(guild, author, place)
    assert greeting is not None
    assert greeting.speaker.voice.name == "Ben"


async def test_announcements_need_a_voice_that_is_everybodys(borrowed: Scene) -> None:
    services, guild = borrowed.world.bot.services, borrowed.guild.id
    await borrowed.mo.slash(borrowed.channel, "voice default", voice="Anns", server=True)
    assert await services.reading.has_voice_for_all(guild)
    await shrink(borrowed)
    assert not await services.reading.has_voice_for_all(guild)
    assert await SettingsStore.beside(borrowed.world.store).guild_default(guild) is not None
