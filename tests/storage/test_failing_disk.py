"""A disk that fails says nothing about what lies on it. `tests/disk` has whole ones."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from storage.errors import UnreadableClipError
from storage.voices import VoiceStore
from tests.storage.conftest import add


@pytest.mark.parametrize("verify", [True, False])
async def test_a_disk_that_fails_marks_no_voice(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, verify: bool
) -> None:
    voice = await add(store, "Anna")

    def fail(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    with monkeypatch.context() as failing:
        failing.setattr("storage.clips.open_regular", fail)
        with pytest.raises(UnreadableClipError, match=r"now: .* Check the disk\.$"):
            await store.load_clip(voice)
        assert len((await store.check(verify=verify)).damaged) == int(verify)
    assert (await store.get(voice.id)).damage is None
    assert (await store.check(verify=verify)).damaged == ()
