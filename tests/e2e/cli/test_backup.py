"""`mynah backup` and `mynah restore`, as an operator runs them."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from storage.key_file import create_key_file, new_key
from storage.use_lock import using
from tests.cli.conftest import Mynah, rename


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mynah.key"
    create_key_file(path, [new_key()])
    monkeypatch.setenv("MYNAH_STORAGE__KEY_FILE", str(path))
    return path


def test_a_backup_brings_back_what_was_deleted(enrolled: Mynah, tmp_path: Path) -> None:
    made = enrolled("backup", "voices.mynah")
    assert made.code == 0
    assert "1, 1 recording" in made.out
    assert stat.S_IMODE((tmp_path / "voices.mynah").stat().st_mode) == 0o600
    shutil.rmtree(enrolled.data)
    restored = enrolled("restore", "voices.mynah")
    assert restored.code == 0
    assert "is back. Delete it again: mynah erase --member ID" in restored.out
    assert "Anna" in enrolled("voices").out


def test_a_file_that_is_there_is_replaced_only_with_force(enrolled: Mynah, tmp_path: Path) -> None:
    (tmp_path / "voices.mynah").write_text("mine")
    refused = enrolled("backup", "voices.mynah")
    assert refused.code == 2
    assert "add --force to replace it" in refused.err
    assert (tmp_path / "voices.mynah").read_text() == "mine"
    assert enrolled("backup", "voices.mynah", "--force").code == 0
    assert enrolled("restore", "voices.mynah", "--check").code == 0


def test_nothing_is_written_among_the_recordings(enrolled: Mynah) -> None:
    refused = enrolled("backup", str(enrolled.data / "clips" / "x.mynah"))
    assert refused.code == 2
    assert "lies where Mynah keeps the voices" in refused.err


def test_data_is_replaced_only_with_force_and_kept(enrolled: Mynah, tmp_path: Path) -> None:
    assert enrolled("backup", "voices.mynah").code == 0
    rename(enrolled.data, "Bella")
    refused = enrolled("restore", "voices.mynah")
    assert refused.code == 2
    assert "holds data already. Add --force" in refused.err
    assert "Bella" in enrolled("voices").out
    restored = enrolled("restore", "voices.mynah", "--force")
    assert restored.code == 0
    [kept] = tmp_path.glob("data.replaced-*")
    assert str(kept) in restored.out
    assert "Anna" in enrolled("voices").out
    assert (kept / "mynah.db").is_file()


def test_nothing_is_restored_while_the_data_is_used(enrolled: Mynah) -> None:
    assert enrolled("backup", "voices.mynah").code == 0
    with using(enrolled.data):
        refused = enrolled("restore", "voices.mynah", "--force")
    assert refused.code == 1
    assert "The bot, or another command, is using" in refused.err


def test_a_sealed_backup_needs_the_key(enrolled: Mynah, key_file: Path) -> None:
    assert enrolled("backup", "voices.mynah", "--seal").code == 0
    assert enrolled("restore", "voices.mynah", "--check").code == 0
    key_file.unlink()
    create_key_file(key_file, [new_key()])
    refused = enrolled("restore", "voices.mynah", "--force")
    assert refused.code == 1
    assert "The backup cannot be opened: it is sealed by the key" in refused.err


def test_without_a_key_nothing_can_be_sealed(enrolled: Mynah) -> None:
    refused = enrolled("backup", "voices.mynah", "--seal")
    assert refused.code == 2
    assert "`mynah key new` makes one" in refused.err


def test_recordings_whose_key_is_missing_are_restored_only_when_told(
    enrolled: Mynah, key_file: Path
) -> None:
    assert enrolled("key", "seal").code == 0
    made = enrolled("backup", "voices.mynah")
    assert "keep the key file apart from it" in made.out
    key_file.unlink()
    create_key_file(key_file, [new_key()])
    refused = enrolled("restore", "voices.mynah", "--force")
    assert refused.code == 1
    assert "--any-key restores it all the same" in refused.err
    told = enrolled("restore", "voices.mynah", "--force", "--any-key")
    assert told.code == 0
    assert "Bring it back to the key file" in told.err


@pytest.mark.parametrize("content", [b"", b"no backup at all" * 100])
def test_what_is_no_backup_is_one_line(mynah: Mynah, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "voices.mynah").write_bytes(content)
    refused = mynah("restore", "voices.mynah")
    assert refused.code == 1
    assert len(refused.err.splitlines()) == 2  # what is done, and what is wrong
    assert not (mynah.data / "mynah.db").exists()


def test_a_backup_that_is_not_there_is_wrong_use(mynah: Mynah) -> None:
    refused = mynah("restore", "nowhere.mynah")
    assert refused.code == 2
    assert "cannot be read (No such file or directory)" in refused.err


def test_a_directory_without_data_has_nothing_to_back_up(mynah: Mynah) -> None:
    refused = mynah("backup", "voices.mynah")
    assert refused.code == 1
    assert "There is nothing to back up" in refused.err


def test_programs_are_told_the_same(enrolled: Mynah) -> None:
    made = json.loads(enrolled("backup", "voices.mynah", "--json").out)
    assert (made["voices"], made["recordings"], made["sealed"], made["missing"]) == (1, 1, False, 0)
    checked = json.loads(enrolled("restore", "voices.mynah", "--check", "--json").out)
    assert checked["directory"] is None
    assert checked["bytes"] == made["bytes"]
