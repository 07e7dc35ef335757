"""What lies where a clip or the database belongs may be anything; nothing waits for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.clips import glance, load_clip
from storage.erasure import Eraser
from storage.errors import DamagedClipError, StorageError
from storage.voices import VoiceStore
from tests.storage.conftest import add

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(os.name != "posix", reason="POSIX files"),
]


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket has at most 107 bytes
        try:
            listening.bind(path.name)
        finally:
            os.chdir(here)


ODD: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "socket": make_socket,
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
async def test_odd_file_in_place_of_a_clip_is_damage_and_hangs_nothing(
    store: VoiceStore, make: Callable[[Path], object]
) -> None:
    voice, sound = await add(store, "Anna"), await add(store, "Bob", seed=1)
    path = store.clip_path(voice)
    path.unlink()
    make(path)
    for verify in (False, True):
        assert [found.id for found in (await store.check(verify=verify)).damaged] == [voice.id]
    with pytest.raises(DamagedClipError):
        load_clip(path, voice.clip_sha256)
    with pytest.raises(DamagedClipError):
        glance(path)
    await store.load_clip(sound)


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to(path)])
async def test_a_folder_that_cannot_be_looked_at_is_not_taken_for_erased(
    store: VoiceStore, directory: Path, make: Callable[[Path], object]
) -> None:
    lost = directory / "lost"
    if lost.exists():
        lost.rmdir()
    make(lost)
    with pytest.raises(StorageError, match="lost cannot be read"):
        await Eraser.beside(store).erase_all()


async def test_link_to_a_clip_is_read(store: VoiceStore, tmp_path: Path) -> None:
    voice = await add(store, "Anna")
    path = store.clip_path(voice)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    await store.load_clip(voice)


@pytest.mark.parametrize("make", [os.mkfifo, make_socket], ids=["pipe", "socket"])
async def test_odd_file_in_place_of_the_database_is_refused(
    directory: Path, make: Callable[[Path], object]
) -> None:
    directory.mkdir()
    make(directory / "mynah.db")
    with pytest.raises(StorageError):
        async with VoiceStore.open(directory):
            pass


async def test_lost_log_of_a_closed_database_loses_nothing(directory: Path) -> None:
    async with VoiceStore.open(directory) as store:
        voice = await add(store, "Anna")
    for path in directory.glob("mynah.db-*"):
        path.unlink()
    async with VoiceStore.open(directory) as store:
        assert (await store.check(verify=True)).damaged == ()
        await store.load_clip(voice)
