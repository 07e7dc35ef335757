"""Phrases of chat that come often."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from loopback import wait_until
from tests.cogs.conftest import Scene
from tests.cogs.reading.conftest import spoken, write


@pytest.mark.parametrize(("allowed", "times"), [(True, 2), (False, 3)])
async def test_where_the_server_allows_it_chat_repeats(
    reading: Scene, lounge: ChannelHandle, allowed: bool, times: int
) -> None:
    await reading.world.add_voice("Narrator", 0)
    for key, value in (("cache_phrases", allowed), ("announce_names", "never")):
        await reading.world.settings.change_guild(
            reading.guild.id, key, value, changed_by=reading.mo.id
        )
    player = reading.world.bot.services.voice.player(reading.guild.id)
    for name in ("cy", "di", "ed"):  # without voices of their own
        member = reading.guild.add_member(reading.env.create_user(name))
        await member.join_voice(lounge)
        await write(reading, member, "brb")
        await wait_until(lambda: not player.busy, 10, "the end of it")
    assert spoken(reading).count("brb") == times
