"""The command line, run in this process with its real workers, on a data directory of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.main import run
from tests.samples import Samples, encode, speech_samples


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


class Mynah:
    """Runs commands and looks at what they left."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        self._capsys.readouterr()
        code = run(arguments)
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    def clips(self) -> list[Path]:
        return sorted((self.data / "clips").glob("*"))


@pytest.fixture
def mynah(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Mynah:
    for variable in os.environ:
        if variable.startswith("MYNAH_") or variable == "DISCORD_TOKEN":
            monkeypatch.delenv(variable)
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", str(tmp_path / "data"))
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "piper")
    monkeypatch.chdir(tmp_path)
    return Mynah(tmp_path / "data", capsys)


@pytest.fixture(scope="session")
def speech() -> Samples:
    return speech_samples(12)


@pytest.fixture(scope="session")
def speech_file(speech: Samples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "speech.flac"
    path.write_bytes(encode(speech, 24_000, "flac", "flac"))
    return path


@pytest.fixture(scope="session")
def enrolled_data(speech_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the operator's voice “Anna”, enrolled once for all tests."""
    data = tmp_path_factory.mktemp("enrolled") / "data"
    command = ["-m", "bot", "enroll", str(speech_file), "--name", "Anna", "--language", "en"]
    environment = {**os.environ, "MYNAH_STORAGE__DIRECTORY": str(data)}
    subprocess.run([sys.executable, *command], env=environment, capture_output=True, check=True)
    return data


@pytest.fixture
def enrolled(mynah: Mynah, enrolled_data: Path) -> Mynah:
    """The command line on a copy of that directory."""
    shutil.copytree(enrolled_data, mynah.data)
    return mynah


def environment_of(data: Path, **others: str) -> dict[str, str]:
    """What the real program is told, and nothing of the operator's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MYNAH_") and name != "DISCORD_TOKEN"
    }
    told = {"MYNAH_STORAGE__DIRECTORY": str(data), "MYNAH_ENGINE__KIND": "piper"}
    return {**kept, **told, **others}


def program(*arguments: str) -> list[str]:
    """The command line of the real program."""
    return [sys.executable, "-m", "bot", *arguments]
