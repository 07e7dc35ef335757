"""`mynah voices replace` and `restore`: another recording, and the former one again."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SERVER, Done, Mynah, add_short_voice, done, rename
from tests.samples import RATE, encode, speech_samples


@pytest.fixture(scope="module")
def other_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "other.flac"
    path.write_bytes(encode(speech_samples(8, pitch_ratio=1.3), RATE, "flac", "flac"))
    return path


NAME = "Anna $HOME"


@pytest.fixture(scope="module")
def replacement(
    enrolled_data: Path, other_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Done:
    """A voice of 12 s that was tuned and then replaced by one of 8 s, once for all tests."""
    data = Path(shutil.copytree(enrolled_data, tmp_path_factory.mktemp("replaced") / "data"))
    rename(data, NAME)
    done(data, "voices", "tune", NAME, "--exaggeration", "1.5")
    replace = ("voices", "replace", NAME.lower(), str(other_file), "--picture", "new.png")
    return done(data, *replace)


@pytest.fixture
def replaced(mynah: Mynah, replacement: Done) -> Mynah:
    """The command line on a copy of that directory."""
    shutil.copytree(replacement.data, mynah.data)
    return mynah


def seconds(mynah: Mynah, name: str = NAME) -> float:
    return float(json.loads(mynah("voices", "show", name, "--json").out)["seconds"])


def test_a_replaced_voice_keeps_its_settings(replacement: Done, replaced: Mynah) -> None:
    assert (replacement.folder / "new.png").exists()
    assert seconds(replaced) == pytest.approx(8, abs=1)
    shown = replaced("voices", "show", NAME).out
    assert "how lively the voice is: 1.5 (exaggeration)" in shown
    assert "can be brought back until" in shown


def test_a_replaced_recording_can_be_brought_back(replaced: Mynah) -> None:
    restored = replaced("voices", "restore", NAME)
    assert restored.code == 0, restored.err
    assert "has its former recording again" in restored.out
    assert seconds(replaced) == pytest.approx(12, abs=1)


def test_restoring_twice_changes_nothing(replaced: Mynah) -> None:
    before = seconds(replaced)
    replaced("voices", "restore", NAME)
    assert seconds(replaced) != before
    replaced("voices", "restore", NAME)
    assert seconds(replaced) == before


def test_there_is_nothing_to_restore_at_first(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "restore", "Anna")
    assert outcome.code == 2
    assert "There is no earlier recording of “Anna”" in outcome.err


def test_a_rejected_recording_replaces_nothing(enrolled: Mynah) -> None:
    before = seconds(enrolled, "Anna")
    Path("short.flac").write_bytes(encode(speech_samples(2), RATE, "flac", "flac"))
    outcome = enrolled("voices", "replace", "Anna", "short.flac")
    assert outcome.code == 2
    assert "rejected" in outcome.out
    assert "at least 3 s are needed" in outcome.err
    assert seconds(enrolled, "Anna") == before
    assert enrolled("voices", "restore", "Anna").code == 2


def test_a_replacement_is_told_as_json(enrolled: Mynah, other_file: Path) -> None:
    told = json.loads(enrolled("voices", "replace", "Anna", str(other_file), "--json").out)
    assert told["voice"]["former_until"] is not None
    assert told["picture"] is None


def test_a_voice_of_another_server_is_not_touched(enrolled: Mynah, other_file: Path) -> None:
    outcome = enrolled("voices", "replace", "Anna", str(other_file), "--guild", "7")
    assert (outcome.code, "operator's voice" in outcome.err) == (2, True)


def test_the_way_back_is_a_command_that_works(replacement: Done, replaced: Mynah) -> None:
    line = next(line for line in replacement.out.splitlines() if line.startswith("to undo"))
    command = shlex.split(line.removeprefix("to undo").partition(" (until")[0])
    assert command[:3] == ["mynah", "voices", "restore"]
    assert replaced(*command[1:]).code == 0
    assert seconds(replaced) == pytest.approx(12, abs=1)


def test_a_recording_too_short_for_the_model_replaces_nothing(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = enrolled.clips()
    Path("four.wav").write_bytes(encode(speech_samples(4), RATE, "wav", "pcm_s16le"))
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", "turbo")
    outcome = enrolled("voices", "replace", "Anna", "four.wav")
    assert (outcome.code, enrolled.clips()) == (2, before)
    assert "the turbo model, which speaks here, needs more than 5 s." in outcome.err


def test_restoring_says_that_the_former_recording_is_too_short(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_short_voice(enrolled.data, "Bob")
    Path("long.wav").write_bytes(encode(speech_samples(9), RATE, "wav", "pcm_s16le"))
    guild = ("--guild", str(SERVER))
    assert enrolled("voices", "replace", "Bob", "long.wav", *guild).code == 0
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", "nano")
    told = enrolled("voices", "restore", "Bob", *guild).out
    assert "“Bob” has a recording of 3.0 s; the nano model, which speaks here, needs more" in told
