from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.storage.trails.tampering import (
    fill,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows, to be copied: the schema takes longer than all else."""
    path = tmp_path_factory.mktemp("empty") / "mynah.db"
    asyncio.run(fill(path, 0))
    return path


@pytest.fixture
async def path(tmp_path: Path, empty: Path) -> Path:
    path = tmp_path / "mynah.db"
    shutil.copy(empty, path)
    await fill(path)
    return path
