"""Who uses a data directory, and who may replace it."""

import multiprocessing
import os
import signal
import stat
from pathlib import Path

import pytest

from storage.errors import DirectoryInUseError
from storage.use_lock import alone, is_used, using
from storage.voices import VoiceStore


async def test_many_use_a_directory_and_nobody_can_replace_it(directory: Path) -> None:
    async with VoiceStore.open(directory), VoiceStore.open(directory):
        assert is_used(directory)
        with pytest.raises(DirectoryInUseError, match="Stop it first"), alone(directory):
            pass
    with alone(directory):
        pass
    assert not is_used(directory)


async def test_a_directory_that_is_being_replaced_cannot_be_opened(directory: Path) -> None:
    directory.mkdir()
    replaced = pytest.raises(DirectoryInUseError, match="being restored or repaired")
    with alone(directory), replaced:
        async with VoiceStore.open(directory):
            pass
    async with VoiceStore.open(directory):
        pass


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_use_and_die, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with alone(tmp_path):
        pass


def _use_and_die(directory: Path) -> None:
    with using(directory):
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_lock_is_for_this_user_and_looking_leaves_nothing(tmp_path: Path) -> None:
    assert not is_used(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with using(tmp_path):
        [lock] = tmp_path.iterdir()
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_where_no_lock_can_be_had_it_goes_on(tmp_path: Path) -> None:
    with using(tmp_path / "missing"):
        pass
