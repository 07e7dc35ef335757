"""What comes often is made once more only where nobody has allowed that it sounds the same."""

from __future__ import annotations

import pytest
from simcord.builders import ChannelHandle

from tests.cogs.calls import ready, say
from tests.cogs.conftest import Scene

pytestmark = pytest.mark.usefixtures("voice_client", "texts_wait")


async def times_made(scene: Scene, lounge: ChannelHandle, **options: object) -> int:
    """Say a phrase four times; return how often the engine was asked for it."""
    await ready(scene, lounge, scene.ann)
    for _ in range(4):
        await say(scene, "Be right back.", **options)
        await scene.env.settle()
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
