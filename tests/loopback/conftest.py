"""A loopback Discord with one guild, and a bare bot logged in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .bare_bot import BareBot
from .model import Guild
from .server import LoopbackDiscord
from .user import Person


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
