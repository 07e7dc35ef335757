"""The command line keeps to the operator's list, and says what can be checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Mynah


@pytest.fixture
def listed(mynah: Mynah, monkeypatch: pytest.MonkeyPatch) -> Mynah:
    monkeypatch.setenv("MYNAH_ENROLMENT__NO_GO_NAMES", '["robin*"]')
    return mynah


def test_a_name_on_the_list_is_not_enrolled(listed: Mynah, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"not read")
    outcome = listed("enroll", "a.wav", "--name", "R o b i n")
    assert outcome.code == 2
    assert "Nobody may give a voice this name" in outcome.err
    assert "robin*" not in outcome.err


def test_check_says_what_can_be_checked(mynah: Mynah) -> None:
    told = mynah("check", "--offline", "--no-engine").out
    assert "words that are spoken live are checked in English" in told
    assert "0 patterns in no_go_names" in told


def test_check_says_that_recordings_are_compared_with_nobody(
    mynah: Mynah, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-go").mkdir()
    (tmp_path / "no-go" / "a.wav").touch()
    monkeypatch.setenv("MYNAH_ENROLMENT__NO_GO_CLIPS", "no-go")
    told = mynah("check", "--offline", "--no-engine").out
    assert "1 recording in no_go_clips" in told
    assert "that takes Chatterbox" in told
    monkeypatch.setenv("MYNAH_ENROLMENT__NO_GO_CLIPS", "elsewhere")
    assert "is not there" in mynah("check", "--offline", "--no-engine").out


@pytest.mark.parametrize("pattern", ["*", "/(/"])
def test_a_pattern_that_cannot_be_used_is_named_by_its_key(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.setenv("MYNAH_ENROLMENT__NO_GO_NAMES", f'["{pattern}"]')
    outcome = mynah("voices")
    assert outcome.code != 0
    assert "enrolment.no_go_names" in outcome.err
