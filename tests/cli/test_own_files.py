"""No command writes over what Mynah itself lives on, also when it is told to replace a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.main import cli
from tests.cli.conftest import Mynah

OWN = {
    "mynah.key": "is the key file",
    "token.txt": "is the token file",
    "other.toml": "is Mynah's configuration",
    "mynah.toml": "is where Mynah looks for its configuration",
    "data/mynah.db": "lies where Mynah keeps the voices",
    "data/clips/x.pickle.gz": "lies where Mynah keeps the voices",
    "data.replaced-20261128-000000/mynah.db": "lies in the folder of what was replaced",
    "model/t3.safetensors": "lies in the folder of the engine's model",
    "no-go/someone.wav": "lies in the folder of no_go_clips",
    "hub/models--a/blob": "lies in the folder that models are downloaded to",
}
"""What there is, and what is said of it."""

COMMANDS: dict[str, Callable[[str, str], list[str]]] = {
    "audit": lambda path, _: ["audit", "--export", path, "--force"],
    "backup": lambda path, _: ["backup", path, "--force"],
    "say": lambda path, _: ["say", "Hi.", "--voice", "Anna", "-o", path, "--force"],
    "export": lambda path, _: ["voices", "export", "Anna", "-o", path, "--force"],
    "enroll": lambda path, sample: [
        "enroll", sample, "--name", "Bo", "--picture", path, "--force",
    ],
    "replace": lambda path, sample: [
        "voices", "replace", "Anna", sample, "--picture", path, "--force",
    ],
    "demo": lambda path, _: ["demo", "-o", path],
    "key new": lambda path, _: ["key", "new", path],
}  # fmt: skip
"""Every command that writes a file which is named to it."""

NAMED_BY_ENDING = {"say": ".wav", "export": ".wav", "enroll": ".png", "replace": ".png"}
"""Commands that take no other names: these reach what is ours by a link."""


@pytest.fixture
def at_home(mynah: Mynah, monkeypatch: pytest.MonkeyPatch) -> Mynah:
    for name in OWN:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")
    Path("other.toml").write_text(
        '[discord]\ntoken_file = "token.txt"\n[storage]\nkey_file = "mynah.key"\n'
        '[engine]\ncheckpoint = "model"\n[enrolment]\nno_go_clips = "no-go"\n'
    )
    monkeypatch.setenv("MYNAH_CONFIG", "other.toml")
    monkeypatch.setenv("HF_HUB_CACHE", "hub")
    return mynah


def linked(path: str, ending: str) -> str:
    link = Path(f"link{ending}")
    link.symlink_to(path)
    return str(link)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_writes_over_what_is_mynahs_own(
    at_home: Mynah, speech_file: Path, command: str
) -> None:
    for path, said in OWN.items():
        if command == "key new" and path == "mynah.key":
            said = "is there already and is not replaced"
        ending = NAMED_BY_ENDING.get(command)
        given = linked(path, ending) if ending else path
        before = Path(path).read_bytes()
        outcome = at_home(*COMMANDS[command](given, str(speech_file)))
        assert outcome.code == 2, (path, outcome)
        assert said in outcome.err.replace("\n", " "), (path, outcome.err)
        assert len(outcome.err.splitlines()) == 1
        assert Path(path).read_bytes() == before
        if ending:
            Path(given).unlink()


def test_every_command_that_takes_the_name_of_a_file_to_write_is_tried() -> None:
    writing = {
        name
        for name, options in _options(cli, ())
        if {"--force", "--output", "--export", "--picture"} & options
    }
    # These replace no file that is named: all data, which is what they are for; a model.
    assert writing - {"restore", "move", "models remove"} == {
        "voices export" if name == "export" else "voices replace" if name == "replace" else name
        for name in COMMANDS
        if name != "key new"
    }


def _options(command: object, names: tuple[str, ...]) -> list[tuple[str, set[str]]]:
    found = []
    for name, each in getattr(command, "commands", {}).items():
        found.append((" ".join((*names, name)), {o for p in each.params for o in p.opts}))
        found += _options(each, (*names, name))
    return found


@pytest.mark.parametrize(
    "path",
    ["./mynah.key", "MYNAH.KEY", "other/../mynah.key", "link", "hard", "here/mynah.key"],
)
def test_other_names_of_what_is_ours_are_known(at_home: Mynah, path: str) -> None:
    Path("other").mkdir()
    Path("link").symlink_to("mynah.key")
    os.link("mynah.key", "hard")
    Path("here").symlink_to(".")
    outcome = at_home("backup", path, "--force")
    assert (outcome.code, Path("mynah.key").read_bytes()) == (2, b"")
    assert "is the key file" in outcome.err


@pytest.mark.parametrize("path", ["mynah.key", "mynah.toml", "token.txt"])
def test_what_is_missing_is_not_made_of_something_else(at_home: Mynah, path: str) -> None:
    Path(path).unlink()
    assert at_home("backup", path).code == 2
    assert not Path(path).exists()


def test_the_program_itself_is_not_written_over(at_home: Mynah) -> None:
    import bot

    outcome = at_home("backup", str(Path(bot.__file__).with_name("app.py")), "--force")
    assert "lies in the folder that Mynah is installed in" in outcome.err


def test_the_demo_needs_no_configuration_to_know_what_is_ours(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MYNAH_STORAGE__DIRECTORY")
    Path("mynah.toml").write_text("broken")
    Path("data").mkdir()
    assert "looks for its configuration" in mynah("demo", "-o", "mynah.toml").err
    assert "keeps the voices" in mynah("demo", "-o", "data/mynah.db").err
    assert "leaves a file" in mynah("demo", "-o", "-").err


def test_the_configured_key_is_made(at_home: Mynah) -> None:
    Path("mynah.key").unlink()
    assert at_home("key", "new", "mynah.key").code == 0
