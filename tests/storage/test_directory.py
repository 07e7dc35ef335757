"""A data directory that cannot be used is refused, and it is said what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.voices import VoiceStore


async def test_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match=r"data directory.*data.*Check its path"):
        async with VoiceStore.open(tmp_path / "data"):
            pass


@pytest.mark.usefixtures("ordinary_user")
async def test_directory_that_may_not_be_created_is_refused() -> None:
    with pytest.raises(StorageError, match=r"Permission denied.*may write"):
        async with VoiceStore.open(Path("/mynah-test-may-not-create-this")):
            pass
