"""Which processes run the bot on a data directory: no shard twice, and nothing blocks for ever."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.errors import DirectoryInUseError
from storage.layout import PROCESSES_NAME
from storage.process_lock import RunningProcess, list_running, running
from storage.shards import Shards, parse_shards

IN_USE = pytest.raises(DirectoryInUseError, match=rf"process {os.getpid()}\)")


@pytest.mark.parametrize(
    ("first", "second"),
    [("auto", "auto"), ("auto", "0/2"), ("0/2", "auto"), ("0-1/4", "1-2/4"), ("0/2", "2/4")],
)
def test_shards_that_overlap_are_refused_with_who_has_them(
    tmp_path: Path, first: str, second: str
) -> None:
    refused = pytest.raises(DirectoryInUseError)
    with running(tmp_path, parse_shards(first)), refused as refusal:
        running(tmp_path, parse_shards(second)).__enter__()
    theirs = "all shards" if first == "auto" else f"the shards {first}"
    begin = f"The bot runs on {tmp_path} already, for {theirs} (process {os.getpid()})."
    assert str(refusal.value).startswith(begin)
    assert "\n" not in str(refusal.value)


def test_other_shards_run_beside_and_are_listed(tmp_path: Path) -> None:
    low, high = Shards((0, 1), 4), Shards((2, 3), 4)
    with running(tmp_path, low), running(tmp_path, high):
        assert list_running(tmp_path) == [
            RunningProcess(os.getpid(), low), RunningProcess(os.getpid(), high)
        ]  # fmt: skip
        with IN_USE, running(tmp_path, None):
            pass
    assert list_running(tmp_path) == []


def test_the_same_shards_can_run_when_the_other_process_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path, None):
            pass


def test_a_killed_process_keeps_nobody_out(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_run_and_die, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert list((tmp_path / PROCESSES_NAME).glob("*.run"))
    assert list_running(tmp_path) == []
    with running(tmp_path, Shards((1,), 2)):
        assert [process.shards for process in list_running(tmp_path)] == [Shards((1,), 2)]


def _run_and_die(directory: Path) -> None:
    with running(directory, None):
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_lies_there_is_for_this_user_and_goes_in_the_end(tmp_path: Path) -> None:
    with running(tmp_path, None):
        paths = list((tmp_path / PROCESSES_NAME).iterdir())
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
        assert stat.S_IMODE((tmp_path / PROCESSES_NAME).stat().st_mode) == 0o700
    assert not list((tmp_path / PROCESSES_NAME).glob("*.run"))


def test_a_file_that_cannot_be_read_counts_as_one_who_has_all(tmp_path: Path) -> None:
    with running(tmp_path, Shards((0,), 2)):
        [path] = (tmp_path / PROCESSES_NAME).glob("*.run")
        path.write_text("{")
        with (
            pytest.raises(DirectoryInUseError, match="another process"),
            running(tmp_path, Shards((1,), 2)),
        ):
            pass


def test_where_no_lock_can_be_had_it_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / PROCESSES_NAME).write_text("a file in the way")
    with running(tmp_path, None):
        pass
    assert "Nothing keeps a second bot from running on" in caplog.text


def test_of_many_that_come_at_once_one_runs(tmp_path: Path) -> None:
    # Locks are of open files: threads are as processes to each other.
    all_tried = threading.Barrier(4)

    def try_to_run(_number: int) -> bool:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(running(tmp_path, None))
                return True
            except DirectoryInUseError:
                return False
            finally:
                all_tried.wait(30)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_to_run, range(4))) == [False, False, False, True]
