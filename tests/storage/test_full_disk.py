"""On a full disk a voice can be deleted, and what is not essential fails nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.connections import Execute
from storage.errors import DiskFullError, StorageError
from storage.reach import ReachStore
from storage.reserve import RESERVE_BYTES, Reserve
from storage.sqlite_database import SqliteDatabase
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, add, clip_files, make_clip

SIZE_MB = 12


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system; tests/e2e/test_disk_faults.py does without")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)]
    subprocess.run(command, check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> None:
    """Take all room that is left, to the last byte."""
    with (place / "filler").open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass
    assert shutil.disk_usage(place).free == 0


async def test_voice_is_deleted_on_a_full_disk(small_disk: Path) -> None:
    directory = small_disk / "data"
    async with VoiceStore.open(directory) as store:
        voice, other = await add(store, "Anna"), await add(store, "Bob", seed=1)
        fill(small_disk)
        with pytest.raises(StorageError, match="full"):
            await add(store, "Carl", seed=2)
        await store.mark_used(other.id)  # logged
        await store.delete(voice.id)
        assert await store.count(GUILD) == 1
        assert len(clip_files(directory)) == 1


async def test_voice_is_stopped_on_a_full_disk(small_disk: Path) -> None:
    async with VoiceStore.open(small_disk / "data") as store:
        voice = await add(store, "Anna")
        fill(small_disk)
        stopped, _ = await ReachStore.beside(store).pause(voice.id, by="owner")
        assert stopped.paused


async def test_a_disk_that_can_only_be_read_is_told_and_written_again_when_it_can(
    small_disk: Path,
) -> None:
    directory = small_disk / "data"
    async with VoiceStore.open(directory) as store:
        await add(store, "Anna")
    mounted_as(small_disk, "ro")
    with pytest.raises(StorageError, match="Check that the directory exists and that this user"):
        async with VoiceStore.open(directory):
            pass
    mounted_as(small_disk, "rw")
    async with VoiceStore.open(directory) as store:
        await add(store, "Bob", seed=1)
        assert (await store.check(verify=True)).damaged == ()


def mounted_as(place: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(place)], check=True)


async def test_store_opens_and_deletes_on_a_full_disk(small_disk: Path) -> None:
    directory = small_disk / "data"
    async with VoiceStore.open(directory) as store:
        voice = await add(store, "Anna")
    fill(small_disk)
    async with VoiceStore.open(directory) as store:
        await store.check()
        await store.delete(voice.id)
    (small_disk / "filler").unlink()
    async with VoiceStore.open(directory) as store:
        assert await store.count(GUILD) == 0
        assert (directory / "reserve.bin").stat().st_size == RESERVE_BYTES
        assert (await store.check()).damaged == ()


async def test_start_on_a_full_disk_with_work_to_do_is_no_error(small_disk: Path) -> None:
    directory = small_disk / "data"
    async with VoiceStore.open(directory) as store:
        voice = await add(store, "Anna")
        store.clip_path(voice).unlink()
        Reserve(directory).release()
        fill(small_disk)
        assert isinstance((await store.check()).damaged, tuple)


def full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


async def test_reserve_gives_way_to_an_urgent_write_alone(tmp_path: Path) -> None:
    reserve = tmp_path / "reserve.bin"

    async def insert(execute: Execute) -> None:
        await execute("INSERT INTO unneeded_clips VALUES ('x')")
        if reserve.exists():
            raise full()

    async with SqliteDatabase.open(tmp_path / "test.db") as database:
        await database.keep_reserve()
        assert reserve.stat().st_size == RESERVE_BYTES
        with pytest.raises(DiskFullError, match="full"):
            await database.write(insert)
        assert reserve.exists()
        await database.write_urgently(insert)
        assert not reserve.exists()
        assert len(await database.read("SELECT * FROM unneeded_clips")) == 1


async def test_without_a_reserve_a_full_disk_is_reported(tmp_path: Path) -> None:
    async def fail(_execute: Execute) -> None:
        raise full()

    async with SqliteDatabase.open(tmp_path / "test.db") as database:
        with pytest.raises(DiskFullError):
            await database.write_urgently(fail)


async def test_deletion_on_a_full_disk_uses_and_renews_the_reserve(
    store: VoiceStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = await add(store, "Anna")
    reserve = directory / "reserve.bin"
    released: list[bool] = []
    write = SqliteDatabase.write

    async def fill_up(self: SqliteDatabase, work: object) -> object:
        if not released and reserve.exists():
            raise DiskFullError("full")
        released.append(True)
        return await write(self, work)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteDatabase, "write", fill_up)
    await store.delete(voice.id)
    assert await store.count(GUILD) == 0
    assert reserve.stat().st_size == RESERVE_BYTES


async def test_use_that_cannot_be_counted_is_logged(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    voice = await add(store, "Anna")

    async def fail(*_: object) -> None:
        raise DiskFullError("The disk is full.")

    monkeypatch.setattr(type(store.database), "write", fail)
    await store.mark_used(voice.id)
    assert "was not counted: The disk is full." in caplog.text


def test_reserve_takes_no_room_where_there_is_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.reserve._ROOM_BYTES", 2**62)
    reserve = Reserve(tmp_path)
    reserve.keep()
    assert not reserve.path.exists()
    assert reserve.release() is False


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_half_written_reserve_is_removed(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESERVE_BYTES // 2, hard))
    try:
        Reserve(tmp_path).keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


async def test_reserve_of_a_sound_store_stays(store: VoiceStore, directory: Path) -> None:
    voice = await add(store, "Anna")
    before = (directory / "reserve.bin").stat().st_mtime_ns
    await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    await store.delete(voice.id)
    assert (directory / "reserve.bin").stat().st_mtime_ns == before
