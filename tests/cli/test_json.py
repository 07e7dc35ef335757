"""`--json`: the documented keys and nothing else on standard output, errors too."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bot.enrolment.types import QualityReport
from tests.cli.conftest import SERVER, Done, Mynah, Outcome
from tests.samples import RATE, encode, speech_samples

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def documented(title: str) -> set[str]:
    """The keys in the table under a heading of docs/cli.md."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text.split(f"### JSON: {title}\n")[1].split("\n#")[0]
    return set(re.findall(r"^\| `([a-z_0-9]+)` \|", section, re.MULTILINE))


def parsed(outcome: Outcome, code: int = 0) -> dict[str, Any]:
    assert outcome.code == code, outcome.err
    document = json.loads(outcome.out)
    assert isinstance(document, dict)
    return document


def test_a_voice_has_the_documented_keys_everywhere(
    enrolled: Mynah, second_enrolment: Done
) -> None:
    shown = parsed(enrolled("voices", "show", "Anna", "--json"))
    [listed] = parsed(enrolled("voices", "--json"))["voices"]
    assert listed == shown
    assert parsed(enrolled("voices", "list", "--json"))["voices"] == [shown]
    added = json.loads(second_enrolment.out)
    assert set(added) == documented("enroll")
    assert set(added["voice"]) == set(shown) == documented("a voice")
    assert (added["voice"]["guild_id"], shown["guild_id"]) == (str(SERVER), "0")
    assert shown["clip"] == str(enrolled.clips()[0])


def test_the_report_has_the_documented_keys(enrolled: Mynah) -> None:
    report = parsed(enrolled("voices", "show", "Anna", "--json"))["quality"]
    assert documented("a quality report") <= set(report)
    assert documented("a quality report") <= {field.name for field in fields(QualityReport)}


def test_an_empty_list_is_one(mynah: Mynah) -> None:
    assert parsed(mynah("voices", "--json")) == {"voices": []}


def test_speech_is_told_by_the_documented_keys(enrolled: Mynah) -> None:
    told = parsed(enrolled("say", "Hello.", "--voice", "Anna", "-o", "x.flac", "--json"))
    assert set(told) == documented("say")
    assert (told["file"], told["format"], told["sentences"]) == ("x.flac", "flac", 1)
    assert told["seconds"] > 0.3


def test_a_check_is_told_by_the_documented_keys(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = parsed(enrolled("check", "--no-engine", "--offline", "--json"))
    assert set(told) == {"ok", "checks"}
    assert all(set(line) == documented("check") - {"ok", "checks"} for line in told["checks"])
    assert told["ok"] is True
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "festival")
    told = parsed(enrolled("check", "--json"), code=1)
    assert [(line["name"], line["state"]) for line in told["checks"]] == [
        ("configuration", "failed")
    ]


ERRORS = {
    "usage": ("voices", "show", "--json"),
    "not_found": ("voices", "show", "Zed", "--json"),
    "refused": ("say", "Hello.", "--voice", "Anna", "-o", "nowhere/x.wav", "--json"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_json_with_the_exit_code(enrolled: Mynah, kind: str) -> None:
    plain = enrolled(*(argument for argument in ERRORS[kind] if argument != "--json"))
    told = parsed(enrolled(*ERRORS[kind]), code=2)
    assert set(told["error"]) == documented("errors") - {"error", "report"}
    assert (told["error"]["kind"], told["error"]["exit_code"]) == (kind, plain.code)
    assert told["error"]["message"] in " ".join(plain.err.split())


def test_a_rejected_recording_brings_its_report(mynah: Mynah) -> None:
    Path("short.flac").write_bytes(encode(speech_samples(2), RATE, "flac", "flac"))
    told = parsed(mynah("enroll", "short.flac", "--name", "Anna", "--json"), code=2)
    assert told["error"]["kind"] == "rejected"
    assert told["error"]["report"]["verdict"] == "rejected"


def test_a_wrong_configuration_is_json(mynah: Mynah) -> None:
    Path("mynah.toml").write_text("[")
    assert parsed(mynah("voices", "--json"), code=2)["error"]["kind"] == "configuration"


def test_what_failed_is_json(mynah: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("MYNAH_STORAGE__DIRECTORY", "file")
    assert parsed(mynah("voices", "--json"), code=1)["error"]["kind"] == "failed"


def test_a_text_that_looks_like_the_option_is_a_text(enrolled: Mynah) -> None:
    outcome = enrolled("say", "--voice", "Zed", "--", "--json")
    assert (outcome.code, outcome.out) == (2, "")


def test_audio_and_json_cannot_share_standard_output(enrolled: Mynah) -> None:
    outcome = enrolled("say", "Hello.", "--voice", "Anna", "-o", "-", "--json")
    assert parsed(outcome, code=2)["error"]["kind"] == "usage"
