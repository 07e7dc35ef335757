"""`make audit`: what is known of the locked packages, and that silence is no clean bill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.release import audit, locks


def document(*packages: dict[str, Any]) -> str:
    """What pip-audit prints."""
    return json.dumps({"dependencies": packages, "fixes": []})


CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
WEAK = {
    "name": "pillow",
    "version": "9.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["9.1"]}],
}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN], 0, "1 of 1 packages looked up, 0 with a known weakness."),
        ([CLEAN, WEAK], 1, "pillow 9.0: PYSEC-1 CVE-1 (mended in 9.1)"),
        ([CLEAN, SKIPPED], 3, "NOT AUDITED: what was not looked up may be weak."),
        ([WEAK, SKIPPED], 1, "not looked up: torch (Dependency not found)"),
    ],
)
def test_what_became_of_the_packages(
    packages: list[dict[str, Any]], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.report(list(audit.parse(document(*packages)))) == code
    assert said in capsys.readouterr().out


def test_without_a_network_it_fails_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(service: str, layer: dict[str, str]) -> str:
        raise audit.UnreachableError("no route")

    monkeypatch.setattr(audit, "ask", ask)
    assert audit.main(["--service", "osv"]) == 3
    assert capsys.readouterr().out == (
        "NOT AUDITED: the advisories of osv cannot be reached (no route).\n"
    )


def test_everything_that_is_pinned_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def ask(service: str, layer: dict[str, str]) -> str:
        asked.extend(layer.items())
        return document()

    monkeypatch.setattr(audit, "ask", ask)
    assert audit.main([]) == 0
    wanted = {pin for lock in locks.lock_files() for pin in locks.pins(lock)} | {locks.torch()}
    assert sorted(asked) == sorted(wanted)
    assert {"discord-py", "piper-tts", "torch", "chatterbox-tts"} <= {name for name, _ in asked}


def test_two_versions_of_a_package_lie_in_two_files() -> None:
    layers = locks.layers([("a", "1"), ("b", "1"), ("a", "2"), ("a", "1")])
    assert layers == [{"a": "1", "b": "1"}, {"a": "2"}]
