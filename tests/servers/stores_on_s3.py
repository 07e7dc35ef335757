"""A plugin of pytest: runs the tests of the store of voices with clips in an S3 server.

`python -m pytest -p tests.servers.stores_on_s3` runs `STORES`. Each data directory of a test has a
bucket of its own. Tests that look at files of clips, or harm them, are left out by `LEFT_OUT`: what
they are about is tested for objects in tests/servers/objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

import tests.storage.conftest
from storage.clip_files import ClipFiles
from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.objects.clips import open_objects
from storage.voices import VoiceStore
from tests.servers.left_out_on_s3 import LEFT_OUT, STORES
from tests.servers.s3 import S3Server, s3_server

CACHE_BYTES = 16_000_000


_addresses: dict[Path, ObjectAddress] = {}


def clip_files(directory: Path) -> set[str]:
    """In place of `tests.storage.conftest.clip_files`."""
    return set(Bucket(_addresses[directory.resolve()]).list("clips"))


def pytest_configure(config: pytest.Config) -> None:
    """Run the stores' tests where no others are named; have them look where clips lie."""
    tests.storage.conftest.clip_files = clip_files
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(config.rootpath / path) for path in STORES]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about files."""
    left_out = [item for item in items if item.nodeid.partition("[")[0] in LEFT_OUT]
    seen = {item.nodeid.partition("[")[0] for item in left_out}
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS
    if whole and (needless := LEFT_OUT - seen):
        raise pytest.UsageError(f"nothing is left out by {sorted(needless)}")
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def _server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _on_s3(_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def opening(directory: Path) -> AbstractAsyncContextManager[ClipFiles]:
        place = directory.resolve()
        if place not in _addresses:
            _addresses[place] = _server.address()
        return open_objects(Bucket(_addresses[place]), directory, CACHE_BYTES)

    opened: Any = VoiceStore.open
    monkeypatch.setitem(opened.__wrapped__.__kwdefaults__, "open_clips", opening)
