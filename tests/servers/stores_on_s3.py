"""A plugin of pytest: runs the tests of the stores with clips in an S3 server.

`python -m pytest -p tests.servers.stores_on_s3` runs `STORES`. Each data directory of a test has a
bucket of its own. What is about files is left out, by `LEFT_OUT`, which says why; an entry that
leaves nothing out is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from storage.clip_files import ClipFiles
from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.objects.clips import open_objects
from storage.voices import VoiceStore
from tests.servers.leaving_out import leave_out, run_where_none_are_named
from tests.servers.left_out_on_s3 import LEFT_OUT, STORES
from tests.servers.s3 import S3Server, s3_server
from tests.servers.stored_objects import ObjectsOfClips
from tests.storage import stored
from tests.storage.stored import StoredClips

CACHE_BYTES = 16_000_000


def pytest_configure(config: pytest.Config) -> None:
    """Run the stores' tests where no others are named."""
    run_where_none_are_named(config, STORES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about files."""
    leave_out(config, items, LEFT_OUT)


class _Buckets:
    """The buckets of one test, by what is a data directory to it."""

    def __init__(self, server: S3Server) -> None:
        self._server = server
        self._addresses: dict[Path, ObjectAddress] = {}

    def of(self, directory: Path) -> Bucket:
        """Return the bucket of a directory, which is made where there is none."""
        place = directory.resolve()
        if place not in self._addresses:
            self._addresses[place] = self._server.address()
        return Bucket(self._addresses[place])

    def open(self, directory: Path) -> AbstractAsyncContextManager[ClipFiles]:
        """In place of `open_directory`."""
        return open_objects(self.of(directory), directory, CACHE_BYTES)

    def clips_of(self, directory: Path) -> StoredClips:
        """In place of `tests.storage.stored.clips_of`."""
        return ObjectsOfClips(self.of(directory))


@pytest.fixture(scope="session")
def _server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _on_s3(_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    buckets = _Buckets(_server)
    opened: Any = VoiceStore.open
    monkeypatch.setitem(opened.__wrapped__.__kwdefaults__, "open_clips", buckets.open)
    monkeypatch.setattr(stored, "open_clips", buckets.open)
    monkeypatch.setattr(stored, "clips_of", buckets.clips_of)
