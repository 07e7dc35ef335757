"""`mynah check`: one line each, and exit code 1 if something fails."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Mynah

NAMES = ("configuration", "data directory", "database and clips", "engine", "codecs")


def test_everything_in_order(enrolled: Mynah) -> None:
    outcome = enrolled("check")
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    told = [line.split(":")[0].split(maxsplit=1) for line in lines]
    assert told == [*(["ok", name] for name in NAMES), ["note", "Discord"]]


def test_damaged_clip_fails(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    clip.write_bytes(b"no pickle")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED database and clips: 1 of 1 voices cannot be used. “Anna”" in outcome.out
    assert (outcome.out + outcome.err).count(clip.name) == 1
    assert "ok     engine" in outcome.out  # the other checks still run


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
