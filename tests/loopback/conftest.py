"""A loopback Discord with one guild, and a bare bot logged in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from loopback.audio import encode_opus
from loopback.listener import Listener
from loopback.model import Guild
from loopback.server import LoopbackDiscord
from loopback.user import Person
from tests.loopback.bare_bot import BareBot
from tests.loopback.speaker import Speaker, connect, sweep


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord:
        yield discord
        discord.assert_clean()


@pytest.fixture
def guild(loopback: LoopbackDiscord) -> Guild:
    return loopback.add_guild()


@pytest.fixture
def ada(loopback: LoopbackDiscord, guild: Guild) -> Person:
    return loopback.add_person(guild, "Ada")


@pytest.fixture
async def bot(loopback: LoopbackDiscord, guild: Guild) -> AsyncIterator[BareBot]:
    bare = BareBot(connector=loopback.connector())
    await bare.run_against(loopback)
    yield bare
    await bare.end()


@pytest.fixture
async def listener(ada: Person) -> Listener:
    return await ada.join_voice()


@pytest.fixture
async def client(
    loopback: LoopbackDiscord, bot: BareBot, guild: Guild, listener: Listener
) -> discord.VoiceClient:
    connected = await connect(bot, guild)
    await loopback.voice.wait_settled(guild)
    return connected


@pytest.fixture
async def speaker(client: discord.VoiceClient) -> AsyncIterator[Speaker]:
    speaking = Speaker(client, encode_opus(sweep(1)) * 30)
    yield speaking
    await speaking.stop()
