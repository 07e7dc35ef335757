"""`mynah voices replace` and `restore`: another recording, and the former one again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Mynah
from tests.samples import RATE, encode, speech_samples


@pytest.fixture(scope="module")
def other_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "other.flac"
    path.write_bytes(encode(speech_samples(8, pitch_ratio=1.3), RATE, "flac", "flac"))
    return path


def seconds(mynah: Mynah) -> float:
    return float(json.loads(mynah("voices", "show", "Anna", "--json").out)["seconds"])


def test_a_replaced_recording_can_be_brought_back(enrolled: Mynah, other_file: Path) -> None:
    enrolled("voices", "tune", "Anna", "--exaggeration", "1.5")
    before = seconds(enrolled)
    outcome = enrolled("voices", "replace", "anna", str(other_file), "--picture", "new.png")
    assert outcome.code == 0, outcome.err
    assert Path("new.png").exists()
    assert "mynah voices restore Anna (until " in outcome.out
    assert seconds(enrolled) == pytest.approx(8, abs=1)
    shown = enrolled("voices", "show", "Anna").out
    assert "how lively the voice is: 1.5 (exaggeration)" in shown
    assert "can be brought back until" in shown
    restored = enrolled("voices", "restore", "Anna")
    assert restored.code == 0, restored.err
    assert "has its former recording again" in restored.out
    assert seconds(enrolled) == before


def test_restoring_twice_changes_nothing(enrolled: Mynah, other_file: Path) -> None:
    enrolled("voices", "replace", "Anna", str(other_file))
    replaced = seconds(enrolled)
    enrolled("voices", "restore", "Anna")
    enrolled("voices", "restore", "Anna")
    assert seconds(enrolled) == replaced


def test_there_is_nothing_to_restore_at_first(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "restore", "Anna")
    assert outcome.code == 2
    assert "There is no earlier recording of “Anna”" in outcome.err


def test_a_rejected_recording_replaces_nothing(enrolled: Mynah) -> None:
    before = seconds(enrolled)
    Path("short.flac").write_bytes(encode(speech_samples(2), RATE, "flac", "flac"))
    outcome = enrolled("voices", "replace", "Anna", "short.flac")
    assert outcome.code == 2
    assert "rejected" in outcome.out
    assert "at least 3 s are needed" in outcome.err
    assert seconds(enrolled) == before
    assert enrolled("voices", "restore", "Anna").code == 2


def test_a_replacement_is_told_as_json(enrolled: Mynah, other_file: Path) -> None:
    told = json.loads(enrolled("voices", "replace", "Anna", str(other_file), "--json").out)
    assert told["voice"]["former_until"] is not None
    assert told["picture"] is None


def test_a_voice_of_another_server_is_not_touched(enrolled: Mynah, other_file: Path) -> None:
    outcome = enrolled("voices", "replace", "Anna", str(other_file), "--guild", "7")
    assert (outcome.code, "operator's voice" in outcome.err) == (2, True)


def test_the_way_back_is_a_command_that_works(enrolled: Mynah, other_file: Path) -> None:
    enrolled("voices", "rename", "Anna", "Anna $HOME")
    out = enrolled("voices", "replace", "Anna $HOME", str(other_file)).out
    line = next(line for line in out.splitlines() if line.startswith("to undo"))
    command = shlex.split(line.removeprefix("to undo").partition(" (until")[0])
    assert command[0] == "mynah"
    assert enrolled(*command[1:]).code == 0
