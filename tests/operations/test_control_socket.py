"""The socket in the data directory: whose it is, and that it is always to be had."""

import os
import stat
from pathlib import Path

import pytest

from bot.operations import control_socket
from storage.layout import SOCKET_NAME
from storage.shards import Shards


def path_of(directory: Path) -> Path:
    return directory / SOCKET_NAME


def test_only_the_bots_own_user_may_ask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        listening = control_socket.listening(path_of(tmp_path))
    finally:
        os.umask(before)
    with listening:
        assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600


def test_it_can_be_connected_to(tmp_path: Path) -> None:
    with (
        control_socket.listening(path_of(tmp_path)),
        control_socket.connected(path_of(tmp_path), 1) as channel,
    ):
        assert channel.gettimeout() == 1


def test_what_a_killed_bot_left_is_replaced(tmp_path: Path) -> None:
    control_socket.listening(path_of(tmp_path)).close()
    assert path_of(tmp_path).exists()
    control_socket.listening(path_of(tmp_path)).close()


def test_another_bot_keeps_its_own(tmp_path: Path) -> None:
    with control_socket.listening(path_of(tmp_path)):
        with pytest.raises(FileExistsError, match="another bot answers at"):
            control_socket.listening(path_of(tmp_path))
        control_socket.connected(path_of(tmp_path), 1).close()


def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    path_of(tmp_path).write_text("mine")
    with pytest.raises(FileExistsError, match="is no socket"):
        control_socket.listening(path_of(tmp_path))
    assert path_of(tmp_path).read_text() == "mine"


def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 40)
    directory.mkdir()
    with control_socket.listening(path_of(directory)):
        assert stat.S_ISSOCK(path_of(directory).stat().st_mode)
        control_socket.connected(path_of(directory), 1).close()


def test_nobody_answers_where_no_bot_runs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        control_socket.connected(path_of(tmp_path), 1)


def test_each_process_of_one_bot_has_a_socket_of_its_own(tmp_path: Path) -> None:
    shards = [None, Shards((0, 1), 16), Shards((2,), 16), Shards((10,), 16)]
    paths = [control_socket.socket_path(tmp_path, each) for each in shards]
    assert len(set(paths)) == 4
    for path in reversed(paths):
        control_socket.listening(path).close()
    assert control_socket.socket_paths(tmp_path) == paths
