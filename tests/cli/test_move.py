"""`mynah move`: what it shows, where it does not go, and what is not installed."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah
from tests.cli.test_json import parsed
from tests.e2e.cli.test_terminal import on_terminal, plain
from tests.storage.conftest import clip_files, make_clip


@pytest.fixture
def stored(mynah: Mynah) -> Mynah:
    async def add() -> None:
        async with VoiceStore.open(mynah.data) as store:
            await store.add(NewVoice(0, "Olaf"), make_clip(1))

    asyncio.run(add())
    return mynah


def test_a_data_directory_is_copied_and_the_steps_are_told_once_each(stored: Mynah) -> None:
    outcome = stored("move", "--to", "copy")
    assert outcome.code == 0, outcome.err
    assert outcome.err.splitlines() == [
        "Copying recordings ...", "Copying rows ...", "Comparing rows ...",
    ]  # fmt: skip
    assert "All of it was read back and is the same." in outcome.out
    assert clip_files(Path("copy")) == clip_files(stored.data)


def test_its_json_is_as_documented(stored: Mynah) -> None:
    document = parsed(stored("move", "--to", "copy", "--json"))
    assert set(document) == {"to", "rows", "voices", "recordings", "bytes", "trails"}
    assert (document["voices"], document["recordings"]) == (1, 1)


def test_a_terminal_shows_how_far_it_is(stored: Mynah, tmp_path: Path) -> None:
    code, printed = on_terminal(stored.data, "move", "--to", str(tmp_path / "copy"), columns=100)
    shown = "\n".join(plain(printed))
    assert code == 0, shown
    assert "Comparing rows ... " in shown
    last = shown.rpartition("Comparing rows ... ")[2].split()
    assert last[0] == last[2], shown


OWN = {
    "data/clips": "lies where Mynah keeps the voices",
    "data.replaced-20261128-000000": "lies in the folder of what was replaced",
    "model/new": "lies in the folder of the engine's model",
    "no-go": "lies in the folder of no_go_clips",
    "hub": "lies in the folder that models are downloaded to",
}


@pytest.mark.parametrize("named", ["directory", "configuration"])
@pytest.mark.parametrize("target", OWN)
def test_it_does_not_go_where_something_else_of_mynahs_lies(
    stored: Mynah, monkeypatch: pytest.MonkeyPatch, target: str, named: str
) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    Path("other.toml").write_text(
        '[engine]\ncheckpoint = "model"\n[enrolment]\nno_go_clips = "no-go"\n'
    )
    Path("aim.toml").write_text(f'[storage]\ndirectory = "{target}"\n')
    monkeypatch.setenv("HF_HUB_CACHE", "hub")
    monkeypatch.setenv("MYNAH_CONFIG", "other.toml")
    monkeypatch.delenv("MYNAH_STORAGE__DIRECTORY")
    before = sorted(Path(target).iterdir())
    outcome = stored("move", "--to", target if named == "directory" else "aim.toml", "--force")
    assert outcome.code == 2, outcome
    assert OWN[target] in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert sorted(Path(target).iterdir()) == before


@pytest.mark.parametrize(
    ("address", "package", "extra"),
    [
        ("s3://bucket/mynah", "obstore", "s3"),
        ("postgresql://mynah@127.0.0.1:9/mynah", "asyncpg", "postgres"),
    ],
)
@pytest.mark.parametrize("command", ["move", "voices"])
def test_what_is_not_installed_is_one_line_that_names_the_extra(
    stored: Mynah, monkeypatch: pytest.MonkeyPatch,
    command: str, address: str, package: str, extra: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "storage.postgres.database", raising=False)
    if command == "move":
        outcome = stored("move", "--to", address)
    else:
        name = "CLIPS" if extra == "s3" else "URL"
        monkeypatch.setenv(f"MYNAH_STORAGE__{name}", address)
        outcome = stored(command)
    assert outcome.code == 1, outcome
    (line,) = outcome.err.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(f'Install it: pip install "mynah-bot[{extra}]"')


def test_a_place_with_data_is_named_with_what_to_do(stored: Mynah) -> None:
    shutil.copytree(stored.data, "copy")
    outcome = stored("move", "--to", "copy")
    assert outcome.code == 1
    assert "--force" in outcome.err
