"""A restore takes all of a backup or nothing, and keeps what it replaces."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.backups import installing
from storage.errors import (
    BackupError,
    DataPresentError,
    DirectoryInUseError,
    DiskFullError,
)
from storage.layout import READY_NAME
from storage.voices import VoiceStore
from tests.storage.backups.making import backup_of, names_of, restore, speaks
from tests.storage.conftest import GUILD, add


async def test_data_is_replaced_only_when_told_and_kept(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    other = tmp_path / "other"
    async with VoiceStore.open(other) as others:
        await add(others, "Ben", seed=1)
    with pytest.raises(DataPresentError, match="--force"):
        restore(content, other)
    await speaks(other, "Ben", 1)
    restored = restore(content, other, replace=True)
    await speaks(other, "Anna")
    assert restored.kept is not None
    assert restored.kept.parent == tmp_path
    assert restored.kept.name.startswith("other.replaced-")
    assert stat.S_IMODE(restored.kept.stat().st_mode) == 0o700
    await speaks(restored.kept, "Ben", 1)


async def test_where_nothing_may_be_made_beside_it_is_kept_inside(
    store: VoiceStore, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    home = tmp_path / "home"
    async with VoiceStore.open(home / "data") as others:
        await add(others, "Ben", seed=1)
    mkdir = Path.mkdir

    def mkdir_not_beside(path: Path, *args: Any, **options: Any) -> None:
        if path.parent == home.resolve() and not path.exists():
            raise PermissionError
        mkdir(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir_not_beside)
    restored = restore(content, home / "data", replace=True)
    assert restored.kept is not None
    assert restored.kept.parent == home / "data"
    await speaks(home / "data", "Anna")


async def test_nothing_is_restored_under_somebody_who_uses_it(
    store: VoiceStore, directory: Path
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    with pytest.raises(DirectoryInUseError):
        restore(content, directory, replace=True)


@pytest.mark.parametrize("renames", range(1, 8))
async def test_a_restore_that_is_killed_is_nothing_or_finished_by_the_next_start(
    store: VoiceStore,
    directory: Path,
    tmp_path: Path,
    renames: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    other = tmp_path / "other"
    async with VoiceStore.open(other) as others:
        await add(others, "Ben", seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed_after(renames))
        try:
            restored = restore(content, other, replace=True)
        except KilledError:
            restored = None
        patch.undo()
        # As if no clean-up had run: what is ready stays, and what is not ready is swept.
        was_ready = (other / READY_NAME).exists() or restored is not None
    name, seed = ("Anna", 0) if was_ready else ("Ben", 1)
    await speaks(other, name, seed)
    assert not (other / READY_NAME).exists()


class KilledError(BaseException):
    pass


def killed_after(number: int) -> Callable[[Path, Path], Path]:
    count = 0
    rename = Path.rename

    def rename_or_die(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == number:
            raise KilledError
        return rename(path, target)

    return rename_or_die


async def test_a_backup_that_needs_more_room_than_there_is_writes_nothing(
    store: VoiceStore, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(DiskFullError, match="Make room"):
        restore(content, tmp_path / "new")
    assert names_of(tmp_path / "new") == {"mynah.lock"}


async def test_a_schema_of_the_future_is_refused(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    await add(store, "Anna")
    content = backup_of(directory)
    newer = content.replace(b'"schema": ', b'"schema": 9', 1)
    size = len(newer) - len(content)
    assert size == 1
    # The list of files is one byte longer now: made shorter elsewhere.
    newer = newer.replace(b'"mynah": "1.0"', b'"mynah": "1."', 1)
    with pytest.raises(BackupError, match="newer Mynah"):
        restore(newer, tmp_path / "new")


async def test_an_empty_directory_that_was_used_takes_a_backup(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    await add(store, "Anna")
    (tmp_path / "new" / "clips").mkdir(parents=True)
    restore(backup_of(directory), tmp_path / "new")
    await speaks(tmp_path / "new", "Anna")
    assert installing.holds_data(tmp_path / "new")


async def test_what_was_owed_goes_on_after_a_restore(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    await add(store, "Anna")
    await store.database.write(
        lambda execute: execute(
            "INSERT INTO departures VALUES (?, 0, '2026-01-01T00:00:00+00:00')", (GUILD,)
        )
    )
    restore(backup_of(directory), tmp_path / "new")
    async with VoiceStore.open(tmp_path / "new") as again:
        assert len(await again.database.read("SELECT * FROM departures")) == 1
