"""What is heard, and what the chat of the voice channel says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from simcord.builders import ChannelHandle

from bot.voice.link import VocalChannel
from bot.voice.utterances import SayRequest
from tests.cogs.conftest import Scene
from tests.cogs.silent_voice import SilentVoiceClient

UntilHeard: TypeAlias = Callable[[], Awaitable[None]]


@pytest.fixture
def until_heard(
    scene: Scene, lounge: ChannelHandle, voice_client: type[SilentVoiceClient]
) -> UntilHeard:
    """Wait until the next text begins to be heard, and the channel was told."""
    voice = scene.world.bot.services.voice
    told, begun = voice.on_heard, asyncio.Event()

    def heard(channel: VocalChannel, request: SayRequest) -> None:
        told(channel, request)
        begun.set()

    voice.on_heard = heard

    async def until_heard() -> None:
        await begun.wait()
        begun.clear()
        await scene.env.settle()

    return until_heard
