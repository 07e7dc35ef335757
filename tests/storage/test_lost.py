"""Recordings without a voice move to lost/, unless Mynah itself was adding or deleting them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from storage.clips import clip_path, write_clip
from storage.voices import VoiceStore
from tests.storage.conftest import add, clip_files, make_clip


def write_orphans(directory: Path, *seeds: int) -> list[str]:
    for seed in seeds:
        write_clip(clip_path(directory / "clips", make_clip(seed).sha256), make_clip(seed))
    return sorted(f"{make_clip(seed).sha256}.pickle.gz" for seed in seeds)


def lost_files(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "lost").iterdir())


def change(directory: Path, sql: str, *parameters: object) -> None:
    """Change the database as a failing disk would: without SQLite's checks."""
    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(sql, parameters)


@pytest.mark.parametrize("count", [1, 3, 30])
async def test_older_database_beside_newer_clips_costs_no_recording(
    directory: Path, count: int
) -> None:
    async with VoiceStore.open(directory) as store:
        await add(store, "Anna")
    shutil.copy(directory / "mynah.db", directory / "backup")
    async with VoiceStore.open(directory) as store:
        for number in range(count):
            await add(store, f"voice {number}", seed=1 + number)
        everything = clip_files(directory)
    shutil.copy(directory / "mynah.db", directory / "newest")
    shutil.copy(directory / "backup", directory / "mynah.db")
    async with VoiceStore.open(directory) as store:
        found = await store.check()
        assert (found.swept, len(found.moved), len(found.lost)) == ((), count, count)
        assert found.lost_advice is not None
        assert found.lost_advice.startswith(f"{count} recordings without a voice")
        assert {*lost_files(directory), *clip_files(directory)} == everything
    shutil.copy(directory / "newest", directory / "mynah.db")
    async with VoiceStore.open(directory) as store:
        found = await store.check(verify=True)
        assert (len(found.returned), found.lost, found.damaged) == (count, (), ())
        assert clip_files(directory) == everything


@pytest.mark.parametrize("damaged", ["e" * 64, "no hash", "../../etc/passwd"])
async def test_flipped_hash_in_a_row_costs_no_clip(
    store: VoiceStore, directory: Path, damaged: str
) -> None:
    voice = await add(store, "Anna")
    change(directory, "UPDATE voices SET clip_sha256 = ?", damaged)
    found = await store.check()
    assert found.moved == (f"{voice.clip_sha256}.pickle.gz",)
    assert [v.id for v in found.damaged] == [voice.id]
    change(directory, "UPDATE voices SET clip_sha256 = ?", voice.clip_sha256)
    found = await store.check()
    assert found.returned == (f"{voice.clip_sha256}.pickle.gz",)
    assert found.damaged == ()
    await store.load_clip(voice)


async def test_former_clip_comes_back_as_well(store: VoiceStore, directory: Path) -> None:
    voice = await add(store, "Anna")
    await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    (directory / "lost").mkdir()
    store.clip_path(voice).rename(directory / "lost" / store.clip_path(voice).name)
    assert len((await store.check()).returned) == 1
    await store.restore(voice.id)


async def test_lost_recordings_are_never_swept(store: VoiceStore, directory: Path) -> None:
    names = write_orphans(directory, 1, 2)
    for _ in range(2):
        await store.check()
    assert lost_files(directory) == names


async def test_name_that_lost_has_already_is_not_overwritten(
    store: VoiceStore, directory: Path
) -> None:
    [name] = write_orphans(directory, 1)
    await store.check()
    (directory / "clips" / name).write_bytes(b"damaged")
    await store.check()
    assert lost_files(directory) == sorted([name, name.replace(".pickle", ".1.pickle")])
    await add(store, "Anna", seed=1)
    (directory / "clips" / name).unlink()
    assert (await store.check()).returned == (name,)  # the whole one


async def test_deletion_takes_copies_in_lost_along(store: VoiceStore, directory: Path) -> None:
    write_orphans(directory, 1)
    await store.check()
    voice = await add(store, "Anna", seed=1)
    await store.delete(voice.id)
    assert lost_files(directory) == []


async def test_damaged_recording_in_lost_stays_there(store: VoiceStore, directory: Path) -> None:
    voice = await add(store, "Anna")
    (directory / "lost").mkdir()
    (directory / "lost" / store.clip_path(voice).name).write_bytes(b"damaged")
    store.clip_path(voice).unlink()
    found = await store.check()
    assert (found.returned, len(found.lost), len(found.damaged)) == ((), 1, 1)


@pytest.mark.parametrize("kind", ["file", "pipe"])
async def test_lost_that_is_no_directory_leaves_all_where_it_is(
    store: VoiceStore, directory: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind == "file":
        (directory / "lost").touch()
    else:
        os.mkfifo(directory / "lost")
    names = write_orphans(directory, 1, 2)
    found = await store.check()
    assert (found.moved, found.lost) == ((), ())
    assert clip_files(directory) == set(names)
    assert caplog.text.count("cannot be moved") == 1


async def test_foreign_files_in_lost_are_not_listed(store: VoiceStore, directory: Path) -> None:
    (directory / "lost").mkdir()
    (directory / "lost" / "notes.txt").touch()
    assert (await store.check()).lost == ()


async def test_file_that_cannot_be_removed_fails_no_start(
    store: VoiceStore, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    voice = await add(store, "Anna")
    path = store.clip_path(voice)
    path.unlink()
    path.mkdir()  # unlink fails for a directory, also as root
    await store.delete(voice.id)
    for _ in range(2):
        assert (await store.check()).moved == ()
    assert "cannot be removed" in caplog.text
    path.rmdir()
    await store.check()
    assert await store.database.read("SELECT * FROM unneeded_clips") == []


async def test_temporary_directory_that_cannot_be_removed_fails_no_start(
    store: VoiceStore, directory: Path
) -> None:
    (directory / "clips" / "x.clip.tmp").mkdir()
    assert (await store.check()).swept == ()
