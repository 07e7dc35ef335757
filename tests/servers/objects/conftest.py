from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.objects.clips import ObjectClips, open_objects
from storage.voices import VoiceStore
from tests.servers.s3 import S3Server, Weather, faulty, s3_server

CACHE_BYTES = 1_000_000
QUICK = (0.5, 1.0)
"""Bounds of a request and of its repetitions, in s, so that failures are quick."""


def opening(address: ObjectAddress, directory: Path) -> AbstractAsyncContextManager[ObjectClips]:
    return open_objects(Bucket(address, *QUICK), directory, CACHE_BYTES)


def open_store(directory: Path, address: ObjectAddress) -> AbstractAsyncContextManager[VoiceStore]:
    return VoiceStore.open(directory, open_clips=partial(opening, address))


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(scope="session")
def proxy(server: S3Server) -> Iterator[tuple[str, Weather]]:
    with faulty(server) as running:
        yield running


@pytest.fixture
def weather(proxy: tuple[str, Weather]) -> Iterator[Weather]:
    """How the way to the server is; fair at first and in the end."""
    sky = proxy[1]
    sky.reset()
    yield sky
    sky.reset()


@pytest.fixture
def address(server: S3Server, proxy: tuple[str, Weather], weather: Weather) -> ObjectAddress:
    return server.address(endpoint=proxy[0])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(directory: Path, address: ObjectAddress) -> AsyncIterator[VoiceStore]:
    async with open_store(directory, address) as opened:
        yield opened


@pytest.fixture
def bucket(address: ObjectAddress) -> Bucket:
    return Bucket(address, *QUICK)
