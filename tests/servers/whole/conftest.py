"""The machines, for the tests of a file together."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from loopback import Upload
from tests.samples import encode, speech_samples
from tests.servers.whole.machines import Machines, open_machines


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machines]:
    async with open_machines(tmp_path_factory.mktemp("machines")) as running:
        yield running


@pytest.fixture(scope="module")
def recording() -> Upload:
    return Upload("ada.m4a", encode(speech_samples(12), 44_100, "ipod", "aac", 2), "audio/mp4")
