"""What `mynah check` says of a data directory that others may read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.cli.check import _data_directory, _try
from bot.config import Settings
from bot.config_sections import StorageSettings


async def test_an_open_data_directory_is_a_note_with_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="mynah-open-") as folder:
        settings = Settings(storage=StorageSettings(directory=Path(folder)))
        assert (await _try("data directory", _data_directory, settings)).state == "ok"
        Path(folder).chmod(0o755)
        result = await _try("data directory", _data_directory, settings)
    assert result.state == "note"
    assert result.detail.endswith(f"may read the data directory {folder}: chmod 700 {folder}")
