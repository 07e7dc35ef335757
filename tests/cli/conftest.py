"""The command line, run in this process with its real workers, on a data directory of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bot.cli.context import _TOLD_BY_COMMANDS
from bot.cli.main import run
from storage.types import CLIP_SAMPLE_RATE, NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.samples import Samples, encode, speech_samples

SERVER = 2**60


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
) -> Iterator[Mynah]:
    for variable in os.environ:
        if variable.startswith("MYNAH_") or variable == "DISCORD_TOKEN":
            monkeypatch.delenv(variable)
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", str(tmp_path / "data"))
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "piper")
    monkeypatch.chdir(tmp_path)
    yield Mynah(tmp_path / "data", capsys)
    for name in _TOLD_BY_COMMANDS:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def speech() -> Samples:
    return speech_samples(12)


@pytest.fixture(scope="session")
def speech_file(speech: Samples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "speech.flac"
    path.write_bytes(encode(speech, 24_000, "flac", "flac"))
    return path


@dataclass(frozen=True)
class Done:
    """What a command of the real program printed, and the directory that it left.

    data: to be copied, not changed. folder: where it ran.
    """

    out: str
    data: Path
    folder: Path


def done(data: Path, *arguments: str) -> Done:
    """Run the real program beside a data directory, for several tests to look at."""
    outcome = subprocess.run(
        program(*arguments), env=environment_of(data), cwd=data.parent,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    return Done(outcome.stdout, data, data.parent)


@pytest.fixture(scope="session")
def enrolment(speech_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The operator's voice “Anna”, enrolled once for all tests, with its picture anna.png."""
    data = tmp_path_factory.mktemp("enrolled") / "data"
    enroll = ("enroll", str(speech_file), "--name", "Anna", "--language", "en")
    return done(data, *enroll, "--picture", "anna.png")


@pytest.fixture(scope="session")
def second_enrolment(
    enrolment: Done, speech_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Done:
    """The same recording once more, as “anna” of a server, told as JSON."""
    data = shutil.copytree(enrolment.data, tmp_path_factory.mktemp("second") / "data")
    enroll = ("enroll", str(speech_file), "--name", "anna", "--guild", str(SERVER))
    return done(Path(data), *enroll, "--json")


@pytest.fixture(scope="session")
def enrolled_data(enrolment: Done) -> Path:
    """A data directory with “Anna” in it; to be copied."""
    return enrolment.data


@pytest.fixture
def enrolled(mynah: Mynah, enrolled_data: Path) -> Mynah:
    """The command line on a copy of that directory."""
    shutil.copytree(enrolled_data, mynah.data)
    return mynah


def add_voice(data: Path, name: str, guild_id: int, owner_id: int | None = None) -> None:
    """Store Anna's recording under another name, which takes no time."""

    async def add() -> None:
        async with VoiceStore.open(data) as store:
            anna = await store.find(0, "Anna")
            clip = await store.load_clip(anna)
            voice = NewVoice(guild_id, name, pitch_hz=anna.pitch_hz, owner_id=owner_id)
            await store.add(voice, clip)

    asyncio.run(add())


def add_short_voice(data: Path, name: str) -> None:
    """Store a recording of three seconds under a name of a server."""

    async def add() -> None:
        async with VoiceStore.open(data) as store:
            noise = np.random.default_rng(3).normal(0, 0.1, 3 * CLIP_SAMPLE_RATE)
            await store.add(NewVoice(SERVER, name), ReferenceClip(noise.astype(np.float32)))

    asyncio.run(add())


def rename(data: Path, name: str) -> None:
    """Give Anna another name."""

    async def change() -> None:
        async with VoiceStore.open(data) as store:
            anna = await store.find(0, "Anna")
            await store.rename(anna.id, name)

    asyncio.run(change())


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
