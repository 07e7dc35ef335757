"""What comes often is made once more only where nobody has allowed that it sounds the same."""

from __future__ import annotations

from functools import partial

import pytest
from simcord.builders import ChannelHandle

from bot.voice.player import GuildPlayer
from loopback import wait_until
from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene

pytestmark = pytest.mark.usefixtures("voice_client", "texts_wait")


def fetched(player: GuildPlayer, texts: int) -> bool:
    """Whether so many texts, of 0.1 s each, wait with their speech."""
    entries = player.snapshot()
    return len(entries) == texts and entries[-1].seconds_left == pytest.approx(0.1)


async def times_made(scene: Scene, lounge: ChannelHandle, **options: object) -> int:
    """Say a phrase four times; return how often the engine was asked for it."""
    await ready(scene, lounge, scene.ann)
    player = scene.world.bot.services.voice.player(scene.guild.id)
    for number in range(1, 5):
        await say(scene, "Be right back.", **options)
        await wait_until(partial(fetched, player, number), 10, "its speech")
    return len(scene.world.engine.requests)


async def test_each_time_it_is_spoken_anew(scene: Scene, lounge: ChannelHandle) -> None:
    assert await times_made(scene, lounge) == 4


async def test_where_the_server_allows_it_twice_is_enough(
    scene: Scene, lounge: ChannelHandle
) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, "cache_phrases", True, changed_by=scene.mo.id
    )
    assert await times_made(scene, lounge) == 2


async def test_with_a_seed_twice_is_enough_too(scene: Scene, lounge: ChannelHandle) -> None:
    assert await times_made(scene, lounge, seed=5) == 2
