"""`mynah check`: one line each, and exit code 1 if something fails."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.cli.conftest import Mynah

NAMES = ("configuration", "data directory", "database and clips", "engine", "codecs")


def test_everything_in_order(enrolled: Mynah) -> None:
    outcome = enrolled("check")
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert [line.split(":")[0].split(maxsplit=1) for line in lines] == [["ok", n] for n in NAMES]


def test_damaged_clip_fails(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    clip.write_bytes(b"no pickle")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED database and clips: 1 of 1 voices cannot be used. “Anna”" in outcome.out
    assert (outcome.out + outcome.err).count(clip.name) == 1
    assert "ok     engine" in outcome.out  # the other checks still run


def test_damaged_row_fails(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    with contextlib.closing(sqlite3.connect(clip.parent.parent / "mynah.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE voices SET created_at = 'yesterday', quality = '{'")
        connection.commit()
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "its created_at is “yesterday”" in outcome.out
    assert "Traceback" not in outcome.out + outcome.err


def test_recordings_without_a_voice_are_listed(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    names = [f"{number:064x}.pickle.gz" for number in range(12)]
    for name in names:
        (clip.parent / name).write_bytes(clip.read_bytes())
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "12 recordings without a voice" in outcome.out
    assert all(name in outcome.out for name in names[:10])
    assert "and 2 more" in outcome.out
    assert len(list((clip.parent.parent / "lost").iterdir())) == 12


def test_missing_engine_fails(enrolled: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "chatterbox")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED engine" in outcome.out
    assert "nstall" in outcome.out


def test_bad_configuration_fails(enrolled: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "festival")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED configuration" in outcome.out
    assert "engine.kind" in outcome.out
