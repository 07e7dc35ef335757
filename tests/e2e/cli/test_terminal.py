"""The real program on a terminal of its own: what a person sees there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import psutil
import pytest
from rich.cells import cell_len

from tests.cli.conftest import environment_of, program, rename

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
WIDE = "鳥の名前はとても長いです、本当に長い長い名前なのですよ、ね"


@pytest.fixture
def data(enrolled_data: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(enrolled_data, tmp_path / "data"))


def on_terminal(
    data: Path, *arguments: str, columns: int = 80, **environment: str
) -> tuple[int, str]:
    """Run the program on a terminal of this width; return its exit code and all it printed."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    told = environment_of(data, **{"TERM": "xterm", **environment})
    told.pop("COLUMNS", None)
    with subprocess.Popen(
        program(*arguments), env=told, cwd=data.parent, stdin=slave, stdout=slave, stderr=slave
    ) as running:
        os.close(slave)
        printed = b""
        with contextlib.suppress(OSError):  # EIO: the program has ended
            while part := os.read(master, 65_536):
                printed += part
    os.close(master)
    return running.returncode, printed.decode().replace("\r\n", "\n")


def plain(printed: str) -> list[str]:
    return ESCAPES.sub("", printed).splitlines()


@pytest.mark.parametrize("columns", [40, 20])
@pytest.mark.parametrize("name", ["Anna", WIDE, "Nn" * 16])
def test_a_narrow_terminal_cuts_no_name(data: Path, columns: int, name: str) -> None:
    rename(data, name)
    code, printed = on_terminal(data, "voices", columns=columns)
    lines = plain(printed)
    assert (code, lines[0]) == (0, name)  # the terminal itself wraps it
    assert "…" not in printed
    assert all(cell_len(line) <= max(columns, 26) for line in lines[1:])
    assert [line for line in lines if "operator, ok" in line]


def test_a_wide_terminal_shows_a_table(data: Path) -> None:
    _, printed = on_terminal(data, "voices", columns=100)
    heading, row = plain(printed)
    assert heading.split()[:2] == ["server", "name"]
    assert row.split()[:2] == ["operator", "Anna"]
    assert row.index("Anna") == heading.index("name")


def test_no_color_is_heeded(data: Path) -> None:
    _, printed = on_terminal(data, "voices", columns=100, NO_COLOR="1", TERM="xterm-256color")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", printed)


def test_audio_does_not_go_to_a_terminal(data: Path) -> None:
    code, printed = on_terminal(data, "say", "Hello.", "--voice", "Anna", "-o", "-")
    assert code == 2
    assert "A terminal cannot show audio" in printed
    assert "Loading" not in printed


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        (b"n\n", 0, "Nothing was deleted."),
        (b"\x04", 2, "There was no answer, so nothing was deleted."),
        (b"\x03", 130, "Stopped."),
    ],
    ids=["no", "Ctrl-D", "Ctrl-C"],
)
def test_a_question_takes_every_answer(data: Path, typed: bytes, code: int, told: str) -> None:
    outcome, printed = ask(data, typed)
    assert outcome == code
    assert told in printed
    assert len(list((data / "clips").iterdir())) == 1


def ask(data: Path, typed: bytes) -> tuple[int, str]:
    """Run `voices delete` as the leader of a terminal's session; type once it waits to read."""
    command, told = program("voices", "delete", "Anna"), environment_of(data, TERM="xterm")
    process, master = pty.fork()
    if process == 0:
        # A terminal's leader heeds Ctrl-C; whoever runs the tests in the background ignores it,
        # and what is ignored is inherited.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(data.parent)
        os.execve(command[0], command, told)
    printed = b""
    asked = False
    with contextlib.suppress(OSError):
        while part := os.read(master, 65_536):
            printed += part
            if b"[y/N]" in printed and not asked:
                asked = True
                # Python loses a Ctrl-C between the question and the read until the next key.
                wait_for_sleep(process)
                os.write(master, typed)
    _, status = os.waitpid(process, 0)
    os.close(master)
    return os.waitstatus_to_exitcode(status), printed.decode()


def wait_for_sleep(process: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.Process(process).status() != psutil.STATUS_SLEEPING:
        assert time.monotonic() < deadline, "it never waited for an answer"
        time.sleep(0.01)
