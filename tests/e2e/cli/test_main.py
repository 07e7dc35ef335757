"""The program as a whole: help, exit codes, no tracebacks."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Mynah


@pytest.mark.parametrize("command", [(), ("enroll",), ("say",), ("voices",), ("check",)])
def test_help_works_with_a_broken_configuration(mynah: Mynah, command: tuple[str, ...]) -> None:
    Path("mynah.toml").write_text("[")
    outcome = mynah(*command, "--help")
    assert outcome.code == 0
    assert "Usage: mynah" in outcome.out


@pytest.mark.parametrize("arguments", [("sing",), ("voices", "--loud"), ("enroll",)])
def test_wrong_use_exits_with_2(mynah: Mynah, arguments: tuple[str, ...]) -> None:
    outcome = mynah(*arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err


def test_broken_configuration_exits_with_2(mynah: Mynah) -> None:
    Path("mynah.toml").write_text("[engine]\ndevice = 'gpu'")
    outcome = mynah("voices")
    assert outcome.code == 2
    assert "engine.device" in outcome.err


def test_unusable_data_directory_exits_with_1(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", "file")
    outcome = mynah("voices")
    assert (outcome.code, "data directory file" in outcome.err) == (1, True)


def test_installed_program_and_module_are_the_same() -> None:
    program = Path(sys.executable).with_name("mynah")
    runs = [
        subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
        for command in ([program], [sys.executable, "-m", "bot"])
    ]
    assert runs[0] == runs[1] != ""


def heed_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT, and so do their children.

    A program rightly keeps to that, and the tests may themselves run in the background.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_ends_program_and_workers(enrolled_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "say", "A sentence of words. " * 100, "--voice", "Anna"]
    data, here = tmp_path / "data", tmp_path / "here"
    shutil.copytree(enrolled_data, data)
    here.mkdir()
    with subprocess.Popen(
        command,
        env={**os.environ, "MYNAH_STORAGE__DIRECTORY": str(data)},
        cwd=here,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    ) as program:
        assert program.stderr is not None
        line = ""
        while "Speaking" not in line:
            line = program.stderr.readline()
            assert line, "ended before it spoke"
        program.send_signal(signal.SIGINT)
        # Reading to the end waits for the workers too: they hold the same pipe.
        rest = program.stderr.read()
    assert "Traceback" not in rest
    assert program.returncode == 130
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("delay", [0, 0.1, 0.3, 0.6, 1.2])
def test_interrupt_while_the_worker_starts_leaves_no_traceback(
    speech_file: Path, tmp_path: Path, delay: float
) -> None:
    command = [sys.executable, "-m", "bot", "enroll", str(speech_file), "--name", "Anna"]
    with subprocess.Popen(
        command,
        env={**os.environ, "MYNAH_STORAGE__DIRECTORY": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    ) as program:
        assert program.stderr is not None
        assert "Reading" in program.stderr.readline()  # the next step starts the worker
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(delay)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = program.communicate()
    assert "Traceback" not in errors
    assert "never retrieved" not in errors
    assert program.returncode in (0, 130)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("arguments", [("voices",), ("--help",)])
def test_full_disk_behind_standard_output_is_one_line(
    enrolled_data: Path, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env={**os.environ, "MYNAH_STORAGE__DIRECTORY": str(enrolled_data)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert outcome.returncode == 1
    [line] = outcome.stderr.splitlines()
    assert "No space left on device" in line
