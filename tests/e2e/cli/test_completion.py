"""Tab in the real shells: names from the data directory, at once, and without a trace."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage.names_at_hand import voice_names
from tests.cli.conftest import Mynah, environment_of, program

NAMES = ("Änne", "Smith, J", "Anna Maria", "O'Neil", "$HOME", "a*b")
HEAVY = {"numpy", "discord", "aiosqlite", "rich", "structlog", "librosa", "av"}

BASH = """
eval "$BASH_SOURCE_OF_MYNAH"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_mynah_completion mynah
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def data(enrolled_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with all the names, most of them the operator's, one of server 77."""
    folder = tmp_path_factory.mktemp("completion")
    copy = Path(shutil.copytree(enrolled_data, folder / "data"))
    with sqlite3.connect(copy / "mynah.db") as database:
        for name in NAMES:
            add(database, name, 0)
        add(database, "Bert", 77)
    database.close()
    return copy


def add(database: sqlite3.Connection, name: str, guild_id: int) -> None:
    from storage.names import name_key

    database.execute(
        "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at)"
        " SELECT ?, ?, ?, clip_sha256, seconds, created_at FROM voices WHERE name = 'Anna' LIMIT 1",
        (guild_id, name, name_key(name)),
    )


@pytest.fixture(scope="module")
def environment(data: Path) -> dict[str, str]:
    """`mynah` on the path, and the script that `eval` takes, which is the same every time."""
    folder = data.parent / "bin"
    folder.mkdir()
    script = folder / "mynah"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m bot "$@"\n')
    script.chmod(0o755)
    root = str(Path(__file__).parents[3])
    told = environment_of(data, PATH=f"{folder}:{os.environ['PATH']}", PYTHONPATH=root)
    source = subprocess.run(
        ["mynah"], env={**told, "_MYNAH_COMPLETE": "bash_source"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {**told, "BASH_SOURCE_OF_MYNAH": source.stdout}


def completed(data: Path, *words: str, **others: str) -> list[str]:
    """What the program offers for the last word, as fish reads it."""
    told = environment_of(
        data,
        _MYNAH_COMPLETE="fish_complete",
        COMP_WORDS=" ".join(("mynah", *words)),
        COMP_CWORD=words[-1],
        **others,
    )
    outcome = subprocess.run(program(), env=told, capture_output=True, text=True, check=False)
    assert outcome.stderr == ""
    return [
        line.partition(",")[2].partition("\t")[0] for line in outcome.stdout.split("\n") if line
    ]


def in_bash(environment: dict[str, str], *words: str) -> list[str]:
    command = ["bash", "--norc", "-c", BASH, "bash", "mynah", *words]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert outcome.stderr == ""
    return outcome.stdout.splitlines()


def test_bash_takes_names_as_they_are_typed(environment: dict[str, str]) -> None:
    assert in_bash(environment, "voices", "show", "anna") == ["Anna", "Anna\\ Maria"]
    assert in_bash(environment, "voices", "show", "Smith") == ["Smith,\\ J"]
    assert in_bash(environment, "say", "Hello.", "--voice", "O") == ["O\\'Neil"]
    assert in_bash(environment, "voices", "show", "\\$") == ["\\$HOME"]
    assert in_bash(environment, "voices", "show", "a\\*") == ["a\\*b"]
    assert in_bash(environment, "voices", "show", '"Anna M') == ["Anna Maria"]


def test_bash_completes_commands_and_servers(environment: dict[str, str]) -> None:
    assert in_bash(environment, "voices", "re") == ["rename", "replace", "restore", "resume"]
    assert in_bash(environment, "voices", "show", "--guild", "7") == ["77"]


def test_bash_completes_models_as_it_breaks_them_into_words(environment: dict[str, str]) -> None:
    assert in_bash(environment, "models", "fetch", "na") == ["nano"]
    assert in_bash(environment, "models", "verify", "multilingual-") == ["multilingual-v2"]
    assert in_bash(environment, "models", "fetch", "multilingual", ":", "pt") == ["pt-br", "pt-pt"]
    assert "hi" in in_bash(environment, "models", "remove", "multilingual", ":")


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_takes_whole_names(environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "_MYNAH_COMPLETE=fish_source mynah | source; complete --do-complete 'mynah voices show S'"
    )
    told = {**environment, "HOME": str(tmp_path)}
    outcome = subprocess.run(
        ["fish", "-c", script], env=told, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.splitlines() == ["Smith, J"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_reads_the_script(environment: dict[str, str]) -> None:
    script = 'autoload -Uz compinit && compinit -D; eval "$(_MYNAH_COMPLETE=zsh_source mynah)"'
    outcome = subprocess.run(
        ["zsh", "-f", "-c", f"{script}; print $_comps[mynah]"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert outcome.stdout.split() == ["_mynah_completion"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("voices", "show", "b"), []),
        (("voices", "show", "--guild", "77", "b"), ["Bert"]),
        (("voices", "show", "--guild", "77", "sm"), ["Smith, J"]),
        (("voices", "rename", "--guild", "77", "sm"), []),
        (("voices", "delete", "an"), ["Anna", "Anna Maria"]),
        (("guilds", "show", ""), ["77"]),
        (("guilds", "set", "77", "say"), ["say_roles", "says_per_minute"]),
        (("guilds", "set", "77", "hurry", "o"), ["on", "off"]),
        (("guilds", "set", "77", "default_voice", "B"), ["Bert"]),
        (("say", "Hello.", "--voice", "anne"), []),
        (("say", "Hello.", "--voice", "än"), ["Änne"]),
    ],
)
def test_what_a_command_can_find_is_offered(
    data: Path, words: tuple[str, ...], offered: list[str]
) -> None:
    assert completed(data, *words) == offered


def test_nothing_is_created_and_nothing_said_where_there_is_nothing(tmp_path: Path) -> None:
    assert completed(tmp_path / "nowhere", "voices", "show", "A") == []
    assert list(tmp_path.iterdir()) == []


def test_a_broken_configuration_or_database_is_no_error(data: Path, tmp_path: Path) -> None:
    assert completed(data, "voices", "show", "A", MYNAH_ENGINE__KIND="festival") == []
    (tmp_path / "mynah.db").write_bytes(b"no database at all, but long enough to be read" * 100)
    assert completed(tmp_path, "voices", "show", "A") == []


def test_a_completion_leaves_the_directory_as_it_was(data: Path) -> None:
    before = sorted(path.name for path in data.iterdir())
    assert completed(data, "voices", "show", "Anna") == ["Anna", "Anna Maria"]
    assert sorted(path.name for path in data.iterdir()) == before


def test_names_of_a_running_bot_are_seen_at_once(enrolled: Mynah) -> None:
    with sqlite3.connect(enrolled.data / "mynah.db") as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        add(database, "Newcomer", 0)
        database.commit()
        assert voice_names(enrolled.data, [0], "new") == ["Newcomer"]
    database.close()


def test_a_completion_imports_nothing_heavy(data: Path) -> None:
    script = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr))\n"
        "from bot.cli.main import run\nrun([])"
    )
    told = environment_of(
        data, _MYNAH_COMPLETE="bash_complete", COMP_WORDS="mynah\nvoices\nshow\nAnn", COMP_CWORD="3"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", script], env=told, capture_output=True, text=True, check=False
    )
    assert outcome.stdout.splitlines()[0] == "plain,Anna"
    assert outcome.stderr.strip() == "[]"
