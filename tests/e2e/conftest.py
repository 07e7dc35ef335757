from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from loopback import Upload
from tests.e2e.live import Call, Live, open_live
from tests.samples import encode, speech_samples


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """The whole bot, one for all tests; each has a guild of its own."""
    async with open_live(tmp_path_factory.mktemp("data")) as running:
        await running.warm()
        yield running


@pytest_asyncio.fixture(loop_scope="package")
async def call(live: Live) -> AsyncIterator[Call]:
    call = await live.new_call()
    yield call
    if call.bot_is_there:
        live.discord.disconnect_bot(call.guild)


@pytest.fixture(scope="session")
def recording() -> Upload:
    """What a phone records."""
    return Upload("ada.m4a", encode(speech_samples(12), 44_100, "ipod", "aac", 2), "audio/mp4")
