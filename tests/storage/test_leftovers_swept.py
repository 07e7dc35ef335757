"""What killed processes left, copies of recordings, goes with the start and with an erasure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.erasure import Eraser
from storage.leftovers import BACKUP_PREFIX, CACHE_PREFIX, WORK_SUFFIX, work_directory
from storage.voices import VoiceStore
from tests.storage.conftest import add
from tests.storage.stored import StoredClips, key_of


async def check(store: VoiceStore) -> None:
    await store.check()


async def erase(store: VoiceStore) -> None:
    await Eraser.beside(store).erase_member(7)


@pytest.mark.parametrize("sweep", [check, erase])
@pytest.mark.parametrize("prefix", [BACKUP_PREFIX, CACHE_PREFIX])
async def test_it_goes_and_what_is_in_use_stays(
    store: VoiceStore,
    directory: Path,
    clips: StoredClips,
    sweep: Callable[[VoiceStore], Awaitable[None]],
    prefix: str,
) -> None:
    voice = await add(store, "Anna")
    dead = directory / f"{prefix}killed{WORK_SUFFIX}"
    dead.mkdir()
    (dead / "clip").write_bytes(clips.read(key_of(voice)))
    with work_directory(directory, prefix) as alive:
        await sweep(store)
        assert not dead.exists()
        assert alive.exists()
    await store.load_clip(voice)
