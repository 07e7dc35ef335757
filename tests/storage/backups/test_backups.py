"""A backup is of one moment and whole, and read back whole or not at all."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest

from storage.backups import capture
from storage.backups.capture import captured
from storage.backups.restoring import BackupReader
from storage.errors import (
    BackupError,
    UnknownKeyError,
)
from storage.key_file import new_key
from storage.leftovers import dead
from storage.sealing import NO_KEYS, KeyRing
from storage.voices import VoiceStore
from tests.storage.backups.making import backup_of, names_of, nothing, restore, speaks
from tests.storage.conftest import add, clip_files
from tests.storage.sealed import add_with_evidence, opened, prove


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


async def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_are_not(
    store: VoiceStore, directory: Path
) -> None:
    await add(store, "Anna")
    (directory / "backup-dead.tmp" / "clips").mkdir(parents=True)
    with captured(directory, "1.0"):
        assert len(list(directory.glob("backup-*.tmp"))) == 1
        assert dead(directory) == []
