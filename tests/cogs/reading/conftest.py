"""A bot to which Discord tells the content of messages, and members who chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from storage.voices import VoiceStore
from tests.cogs.calls import ready
from tests.cogs.conftest import Scene
from tests.cogs.silent_voice import SilentVoiceClient
from tests.cogs.world import World


@pytest.fixture
def message_content() -> bool:
    return True


@pytest.fixture
async def world(tmp_path: Path, message_content: bool) -> AsyncIterator[World]:
    async with VoiceStore.open(tmp_path) as store:
        world = World(store, message_content=message_content)
        yield world
        await world.bot.services.voice.close()


@pytest.fixture
async def reading(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> Scene:
    """Ann and Ben are in the lounge, each with a voice; its chat and #general are read there."""
    await ready(scene, lounge, scene.ann, scene.ben)
    await scene.ann.slash(scene.channel, "read start")
    return scene


def spoken(scene: Scene) -> list[str]:
    """What the engine was given, sentence by sentence."""
    return [request.text for request in scene.world.engine.requests]


async def write(scene: Scene, member: MemberActor, text: str, **options: object) -> None:
    """Have a member write in #general, and wait until it was spoken or skipped."""
    await member.send(scene.channel, text, **options)  # type: ignore[arg-type]
    await scene.env.settle()
