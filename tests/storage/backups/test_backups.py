"""A backup is of one moment and whole; a restore takes all of it or nothing."""

from __future__ import annotations

import io
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.backups import capture, installing
from storage.backups.capture import captured
from storage.backups.envelope import EnvelopeWriter
from storage.backups.restoring import BackupReader, Restored
from storage.errors import (
    BackupError,
    DataPresentError,
    DirectoryInUseError,
    DiskFullError,
    UnknownKeyError,
)
from storage.key_file import new_key
from storage.layout import READY_NAME
from storage.leftovers import dead
from storage.sealing import NO_KEYS, KeyRing
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add, clip_files, make_clip
from tests.storage.sealed import add_with_evidence, opened, prove


def backup_of(directory: Path, keys: KeyRing | None = None) -> bytes:
    sink = io.BytesIO()
    with captured(directory, "1.0") as moment:
        if keys is None:
            moment.write(sink.write, nothing)
        else:
            envelope = EnvelopeWriter(sink, keys)
            moment.write(envelope.write, nothing)
            envelope.finish()
    return sink.getvalue()


def nothing(_count: int) -> None:
    pass


def restore(
    content: bytes, directory: Path, keys: KeyRing = NO_KEYS, *, replace: bool = False
) -> Restored:
    reader = BackupReader(io.BytesIO(content), keys)
    return reader.restore(directory, nothing, replace=replace)


async def speaks(directory: Path, name: str, seed: int = 0) -> None:
    async with VoiceStore.open(directory) as store:
        clip = await store.load_clip(await store.find(GUILD, name))
        np.testing.assert_array_equal(clip.samples, make_clip(seed).samples)


async def test_a_backup_beside_an_open_store_brings_all_of_it_back(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    voice_id = await add_with_evidence(store)
    content = backup_of(directory)
    restored = restore(content, tmp_path / "new")
    assert restored.kept is None
    assert restored.manifest.about.voices == 1
    async with opened(tmp_path / "new") as again:
        await prove(again, voice_id)
    assert clip_files(tmp_path / "new") == clip_files(directory)
    assert (tmp_path / "new" / "clips").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "mynah.db").stat().st_mode & 0o777 == 0o600


async def test_a_deletion_meanwhile_does_not_tear_it(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    voice = await add(store, "Anna")
    sink = io.BytesIO()
    with captured(directory, "1.0") as moment:
        await store.delete(voice.id)
        assert clip_files(directory) == set()
        moment.write(sink.write, nothing)
    restore(sink.getvalue(), tmp_path / "new")
    await speaks(tmp_path / "new", "Anna")
    assert dead(directory) == []
    assert not list(directory.glob("backup-*"))


async def test_without_hard_links_recordings_are_copied_and_a_deletion_begins_anew(
    store: VoiceStore, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, "Anna")
    ben = await add(store, "Ben", seed=1)
    gone = store.clip_path(ben)
    copy = shutil.copyfileobj

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError

    def copy_after_a_deletion(source: Any, target: Any) -> None:
        if gone.exists():
            with sqlite3.connect(directory / "mynah.db") as database:
                database.execute("DELETE FROM voices WHERE name = 'Ben'")
            database.close()
            gone.unlink()
        copy(source, target)

    monkeypatch.setattr(capture.os, "link", refuse)
    monkeypatch.setattr(capture.shutil, "copyfileobj", copy_after_a_deletion)
    content = backup_of(directory)
    restored = restore(content, tmp_path / "new")
    assert restored.manifest.about.voices == 1
    await speaks(tmp_path / "new", "Anna")


async def test_what_was_deleted_but_could_not_be_removed_is_left_out(
    store: VoiceStore, directory: Path
) -> None:
    voice = await add(store, "Anna")
    kept = store.clip_path(voice).read_bytes()
    await store.delete(voice.id)
    await store.database.write(
        lambda execute: execute("INSERT INTO unneeded_clips VALUES (?)", (voice.clip_sha256,))
    )
    store.clip_path(voice).write_bytes(kept)
    with captured(directory, "1.0") as moment:
        assert [entry.name for entry in moment.manifest.entries] == ["mynah.db"]


async def test_recordings_that_are_missing_are_counted(store: VoiceStore, directory: Path) -> None:
    store.clip_path(await add(store, "Anna")).unlink()
    with captured(directory, "1.0") as moment:
        assert moment.missing == 1


async def test_lost_recordings_come_along(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    voice = await add(store, "Anna")
    (directory / "lost").mkdir()
    name = f"{'a' * 64}.1.pickle.gz"
    shutil.copy(store.clip_path(voice), directory / "lost" / name)
    restore(backup_of(directory), tmp_path / "new")
    assert (tmp_path / "new" / "lost" / name).is_file()


async def test_an_ordinary_tar_reads_it(store: VoiceStore, directory: Path) -> None:
    await add(store, "Anna")
    with tarfile.open(fileobj=io.BytesIO(backup_of(directory))) as archive:
        names = archive.getnames()
    assert names[:2] == ["manifest.jsonl", "mynah.db"]
    assert len(names) == 3


def test_there_is_nothing_to_back_up_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"), captured(tmp_path, "1.0"):
        pass
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_database_is_not_backed_up(store: VoiceStore, directory: Path) -> None:
    await add(store, "Anna")
    await store.database.scrub()
    copy = directory.parent / "copy"
    shutil.copytree(directory, copy)
    with (copy / "mynah.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    with pytest.raises(Exception, match="damaged"), captured(copy, "1.0"):
        pass


async def test_a_sealed_backup_needs_its_key(
    store: VoiceStore, directory: Path, tmp_path: Path
) -> None:
    await add(store, "Anna")
    keys = KeyRing([new_key()])
    content = backup_of(directory, keys)
    assert b"Anna" not in content
    assert b"manifest" not in content
    with pytest.raises(UnknownKeyError, match=keys.key_ids[0]):
        BackupReader(io.BytesIO(content), NO_KEYS)
    restore(content, tmp_path / "new", keys)
    await speaks(tmp_path / "new", "Anna")


@pytest.mark.parametrize("sealed", [False, True])
async def test_no_part_of_a_backup_is_restored(
    store: VoiceStore, directory: Path, tmp_path: Path, sealed: bool
) -> None:
    await add(store, "Anna")
    keys = KeyRing([new_key()])
    content = backup_of(directory, keys if sealed else None)
    for length in (0, 10, 600, len(content) // 2, len(content) - 1):
        with pytest.raises(BackupError):
            restore(content[:length], tmp_path / "new", keys)
    assert not list((tmp_path / "new").glob("**/*.*")) or names_of(tmp_path / "new") == {
        "mynah.lock"
    }


def names_of(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.mark.parametrize("sealed", [False, True])
async def test_a_changed_byte_is_noticed(
    store: VoiceStore, directory: Path, tmp_path: Path, sealed: bool
) -> None:
    await add(store, "Anna")
    keys = KeyRing([new_key()])
    content = bytearray(backup_of(directory, keys if sealed else None))
    for position in range(0, len(content), len(content) // 20):
        changed = bytearray(content)
        changed[position] ^= 0x10
        with pytest.raises((BackupError, UnknownKeyError)):
            restore(bytes(changed), tmp_path / "new", keys)
    with pytest.raises(BackupError):
        restore(bytes(content) + b"\0", tmp_path / "new", keys)


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


async def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_are_not(
    store: VoiceStore, directory: Path
) -> None:
    await add(store, "Anna")
    (directory / "backup-dead.tmp" / "clips").mkdir(parents=True)
    with captured(directory, "1.0"):
        assert len(list(directory.glob("backup-*.tmp"))) == 1
        assert dead(directory) == []


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
