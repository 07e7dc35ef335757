"""A database that was lost must not take the recordings with it."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.voices import VoiceStore
from tests.storage.conftest import add, clip_files


async def test_recordings_without_their_database_are_not_swept(directory: Path) -> None:
    async with VoiceStore.open(directory) as store:
        await add(store, "Anna")
    for path in directory.glob("mynah.db*"):
        path.unlink()
    with pytest.raises(StorageError, match=r"1 recordings, but the database .* is missing"):
        async with VoiceStore.open(directory):
            pass
    assert len(clip_files(directory)) == 1


@pytest.mark.parametrize("schema", ["", "CREATE TABLE other (x)"], ids=["no bytes", "no schema"])
async def test_recordings_beside_an_empty_database_are_not_swept(
    directory: Path, schema: str
) -> None:
    async with VoiceStore.open(directory) as store:
        await add(store, "Anna")
    for path in directory.glob("mynah.db*"):
        path.unlink()
    (directory / "mynah.db").touch()
    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as connection:
        connection.executescript(schema)
    with pytest.raises(StorageError, match=r"1 recordings, but the database .* is empty"):
        async with VoiceStore.open(directory):
            pass
    assert len(clip_files(directory)) == 1


async def test_write_ahead_log_beside_an_emptied_database_is_left_for_recovery(
    store: VoiceStore, directory: Path
) -> None:
    await add(store, "Anna")
    other = directory.parent / "copy"
    shutil.copytree(directory, other)
    (other / "mynah.db").write_bytes(b"")
    log = (other / "mynah.db-wal").read_bytes()
    with pytest.raises(StorageError, match="is empty"):
        async with VoiceStore.open(other):
            pass
    assert (other / "mynah.db-wal").read_bytes() == log != b""
