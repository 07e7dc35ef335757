"""Data directories that are open to others, or of a newer program."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from bot.cli.check import _data_directory, _try
from bot.config import Settings
from bot.config_sections import StorageSettings
from storage.layout import DATABASE_NAME
from storage.schema import load_migrations
from tests.cli.conftest import Mynah
from tests.storage.databases import unpack


async def test_an_open_data_directory_is_a_note_with_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="mynah-open-") as folder:
        settings = Settings(storage=StorageSettings(directory=Path(folder)))
        assert (await _try("data directory", _data_directory, settings)).state == "ok"
        Path(folder).chmod(0o755)
        result = await _try("data directory", _data_directory, settings)
    assert result.state == "note"
    assert result.detail.endswith(f"may read the data directory {folder}: chmod 700 {folder}")


def test_data_of_a_newer_mynah_are_refused_with_one_line(mynah: Mynah) -> None:
    newest = len(load_migrations())
    unpack(newest, mynah.data)
    with contextlib.closing(sqlite3.connect(mynah.data / DATABASE_NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {newest + 1}")
    outcome = mynah("voices", "list")
    assert outcome.code == 1
    [line] = outcome.err.splitlines()
    assert "was made by a newer Mynah" in line
    assert line.endswith("Update Mynah, or restore a backup from before the update.")
