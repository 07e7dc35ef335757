"""Which processes run the bot on a data directory: no shard twice, and nothing blocks for ever."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.bot_processes import RunningProcess
from storage.errors import DirectoryInUseError
from storage.layout import PROCESSES_NAME
from storage.process_lock import claim, list_running, running
from storage.shards import Shards, parse_shards

IN_USE = pytest.raises(DirectoryInUseError, match=rf"process {os.getpid()}\)")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("auto", "auto"), ("auto", "0/2"), ("0/2", "auto"), ("0-1/4", "1-2/4"), ("0-3/8", "3/8"),
        ("0/2", "2/4"), ("0-3/8", "4-7/16"), ("4-7/16", "0-3/8"), ("0/1", "1/2"),
    ],
)  # fmt: skip
def test_shards_that_cannot_run_beside_others_are_refused_with_who_has_them(
    tmp_path: Path, first: str, second: str
) -> None:
    refused = pytest.raises(DirectoryInUseError)
    with running(tmp_path, parse_shards(first)), refused as refusal:
        running(tmp_path, parse_shards(second)).__enter__()
    theirs = "all shards" if first == "auto" else f"the shards {first}"
    begin = f"The bot runs on {tmp_path} already, for {theirs} (process {os.getpid()})."
    assert str(refusal.value).startswith(begin)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("first", "second", "advice"),
    [
        ("0-3/8", "3-4/8", "Give this one others than 3-4/8 in discord.shards"),
        ("0-3/8", "4-7/16", "This one has 4-7/16: the number after the / is the same for all"),
        ("0-3/8", "auto", "each names shards of its own in discord.shards"),
        ("auto", "4-7/8", "each names shards of its own in discord.shards"),
    ],
)
def test_the_refusal_says_what_to_change(
    tmp_path: Path, first: str, second: str, advice: str
) -> None:
    with (
        running(tmp_path, parse_shards(first)),
        pytest.raises(DirectoryInUseError, match=re.escape(advice)),
        running(tmp_path, parse_shards(second)),
    ):
        pass


LOW, HIGH = Shards((0, 1), 4), Shards((2, 3), 4)


def test_another_application_is_refused_in_a_line_that_names_both(tmp_path: Path) -> None:
    with running(tmp_path, LOW), running(tmp_path, HIGH):
        claim(tmp_path, LOW, 111)
        with pytest.raises(DirectoryInUseError) as refusal:
            claim(tmp_path, HIGH, 222)
    told = str(refusal.value)
    assert told.startswith(f"Another bot, of application 111, runs on {tmp_path} already, for ")
    assert f"the shards 0-1/4 (process {os.getpid()}); this one is of application 222." in told
    assert "\n" not in told


def test_the_same_application_runs_in_several_processes_and_logs_in_again(tmp_path: Path) -> None:
    with running(tmp_path, LOW), running(tmp_path, HIGH):
        for shards in (LOW, HIGH, LOW):
            claim(tmp_path, shards, 2**63)
        assert {each.application_id for each in list_running(tmp_path)} == {2**63}


def test_a_bot_that_has_not_logged_in_yet_does_not_count(tmp_path: Path) -> None:
    with running(tmp_path, LOW), running(tmp_path, HIGH):
        claim(tmp_path, HIGH, 222)


def test_a_renewed_application_is_free_when_the_former_ones_processes_have_ended(
    tmp_path: Path,
) -> None:
    with running(tmp_path, LOW):
        claim(tmp_path, LOW, 111)
    with running(tmp_path, HIGH):
        claim(tmp_path, HIGH, 222)


def test_of_applications_that_come_at_once_one_runs(tmp_path: Path) -> None:
    def try_to_claim(number: int) -> bool:
        try:
            claim(tmp_path, Shards((number,), 4), 100 + number)
            return True
        except DirectoryInUseError:
            return False

    with contextlib.ExitStack() as stack:
        for number in range(4):
            stack.enter_context(running(tmp_path, Shards((number,), 4)))
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(try_to_claim, range(4))) == [False, False, False, True]


def test_where_nothing_can_be_noted_the_bot_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    claim(tmp_path, LOW, 111)  # as where `running` got no lock
    assert "Nothing keeps two applications from running on" in caplog.text


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
