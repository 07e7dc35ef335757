"""No command replaces a file unasked: not a default name, not a named one, never what is stored."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from bot.cli.destination import Destination
from bot.cli.own_files import OwnFiles
from bot.errors import OutputError, UserError
from tests.cli.conftest import Mynah

OLD = b"the original recording"


def own(data: str = "data") -> OwnFiles:
    return OwnFiles(Path(data), {}, {})


def check(path: str | Path, data: str = "data", **options: bool) -> None:
    Destination(Path(path), **options).check(own(data))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


COMMANDS = {
    "export": ("voices", "export", "Anna", "-o", "old.wav"),
    "say": ("say", "Hello.", "--voice", "Anna", "-o", "old.wav"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_named_file_is_kept_unless_forced(enrolled: Mynah, command: str) -> None:
    Path("old.wav").write_bytes(OLD)
    refused = enrolled(*COMMANDS[command])
    assert refused.code == 2
    assert "old.wav exists already" in refused.err
    assert "--force" in refused.err
    assert "Loading" not in refused.err
    assert Path("old.wav").read_bytes() == OLD
    assert enrolled(*COMMANDS[command], "--force").code == 0
    assert Path("old.wav").read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_default_name_makes_way_even_when_forced(enrolled: Mynah, force: tuple[str, ...]) -> None:
    Path("Anna.wav").write_bytes(OLD)
    outcome = enrolled("voices", "export", "Anna", *force)
    assert outcome.out == "Written to Anna (2).wav.\n"
    assert Path("Anna.wav").read_bytes() == OLD
    assert Path("Anna (2).wav").read_bytes().startswith(b"RIFF")


def test_speech_makes_way_for_older_speech(enrolled: Mynah) -> None:
    Path("speech.wav").write_bytes(OLD)
    outcome = enrolled("say", "Hello.", "--voice", "Anna")
    assert "speech (2).wav" in outcome.out
    assert Path("speech.wav").read_bytes() == OLD


def test_a_picture_replaces_no_file_and_never_the_recording(
    mynah: Mynah, speech_file: Path
) -> None:
    Path("old.png").write_bytes(OLD)
    enroll = ("enroll", str(speech_file), "--name", "Anna", "--picture")
    assert "exists already" in mynah(*enroll, "old.png").err
    link = Path("link.png")
    link.symlink_to(speech_file)
    assert "is the recording itself" in mynah(*enroll, "link.png", "--force").err
    assert "does not end in .png" in mynah(*enroll, str(speech_file), "--force").err
    assert mynah.clips() == []
    assert Path("old.png").read_bytes() == OLD


def test_an_exported_name_is_one_that_every_file_system_takes(enrolled: Mynah) -> None:
    enrolled("voices", "rename", "Anna", "../A/B: C?")
    assert enrolled("voices", "export", "../A/B: C?").out == "Written to _._A_B_ C_.wav.\n"


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize(
    "path",
    [
        "data/clips/x.pickle.gz",
        "data/clips/new.wav",
        "data/mynah.db",
        "data/mynah.db-wal",
        "data/lost/x.wav",
        "data/reserve.bin",
        "data/mynah.sock",
        "data/restored.ready",
        "data/../data/clips/x.pickle.gz",
        "DATA/Mynah.DB",
        "other/../mynah.db",
        "link.wav",
    ],
)
def test_what_is_stored_is_never_written_over(path: str, force: bool) -> None:
    clips = Path("data/clips")
    clips.mkdir(parents=True)
    Path("data/lost").mkdir()
    (clips / "x.pickle.gz").write_bytes(OLD)
    Path("link.wav").symlink_to(clips / "x.pickle.gz")
    Path("other").symlink_to(clips)
    Path("DATA").mkdir(exist_ok=True)
    with pytest.raises(UserError, match="where Mynah keeps the voices"):
        check(path, force=force)


def test_a_data_directory_that_is_this_one_leaves_room_beside_what_is_stored() -> None:
    Path("clips").mkdir()
    check("speech.wav", data=".")
    with pytest.raises(UserError):
        check("clips/speech.wav", data=".")


def test_a_file_that_appears_meanwhile_is_kept() -> None:
    destination = Destination(Path("speech.wav"))
    destination.check(own())
    Path("speech.wav").write_bytes(OLD)
    with pytest.raises(UserError, match="exists already"):
        destination.write(b"new")
    assert Path("speech.wav").read_bytes() == OLD


def test_audio_is_not_sent_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(UserError, match="terminal cannot show audio"):
        check("-")


def test_standard_output_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(UserError, match="Standard output is closed"):
        check("-")


def test_a_folder_that_is_missing_is_told() -> None:
    with pytest.raises(UserError, match="There is no folder nowhere"):
        check("nowhere/speech.wav")
    with pytest.raises(OutputError):
        Destination(Path("nowhere/speech.wav")).write(b"")
