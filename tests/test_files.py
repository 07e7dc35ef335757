"""Files that were asked for: whole or not at all, and never in place of another by accident."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import files
from bot.errors import OutputError
from bot.files import write_beside, write_whole

CONTENT = b"whole"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("replace", [True, False])
def test_a_new_file_is_written_whole(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "new.wav"
    write_whole(path, CONTENT, replace=replace)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["new.wav"]


def test_an_older_file_is_replaced_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    path.write_bytes(b"old")
    write_whole(path, CONTENT)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["old.wav"]


@pytest.mark.parametrize("kind", ["file", "broken link"])
def test_what_must_not_be_replaced_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "old.wav"
    if kind == "file":
        path.write_bytes(b"old")
    else:
        path.symlink_to("nowhere")
    before = path.lstat()
    with pytest.raises(FileExistsError):
        write_whole(path, CONTENT, replace=False)
    assert path.lstat() == before
    assert names(tmp_path) == ["old.wav"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "speech.wav"
    if taken:
        path.write_bytes(b"old")
        with pytest.raises(FileExistsError):
            write_whole(path, CONTENT, replace=False)
    else:
        write_whole(path, CONTENT, replace=False)
    assert path.read_bytes() == (b"old" if taken else CONTENT)
    assert names(tmp_path) == ["speech.wav"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("replace", [True, False])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, old: bool, replace: bool
) -> None:
    path = tmp_path / "speech.wav"
    if old:
        path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
        monkeypatch.setattr(os, "link", full)
    with pytest.raises((OutputError, FileExistsError)):
        write_whole(path, CONTENT, replace=replace)
    assert names(tmp_path) == (["speech.wav"] if old else [])
    assert not old or path.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.speech\.wav cannot be written: No such file"):
        write_whole(tmp_path / "nowhere" / "speech.wav", CONTENT)


def test_the_longest_name_that_a_folder_takes_can_be_written(tmp_path: Path) -> None:
    name = f"{'x' * 251}.wav"
    write_whole(tmp_path / name, CONTENT)
    assert names(tmp_path) == [name]


def test_a_default_name_makes_way_for_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    written = [write_beside(path, CONTENT).name for _ in range(3)]
    assert written == ["speech.wav", "speech (2).wav", "speech (3).wav"]


def test_programs_that_start_together_get_a_name_each(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with ThreadPoolExecutor(8) as pool:
        contents = [str(number).encode() for number in range(40)]
        written = list(pool.map(lambda content: write_beside(path, content), contents))
    assert len(set(written)) == 40
    assert [file.read_bytes() for file in written] == contents
    assert len(names(tmp_path)) == 40


def test_there_is_an_end_to_the_names_that_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_COPIES", 2)
    path = tmp_path / "speech.wav"
    write_beside(path, CONTENT)
    write_beside(path, CONTENT)
    with pytest.raises(OutputError, match="Choose another name"):
        write_beside(path, CONTENT)
