"""Every target, small; and what `make fuzz` makes of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import main
from tests.fuzz.report import MOST_FAILURES, Report

QUICK = [name for name in targets.names() if targets.target(name).QUICK]


@pytest.mark.parametrize("name", QUICK)
def test_hostile_inputs_are_refused(name: str) -> None:
    module = targets.target(name)
    report = targets.run(name, module.QUICK, seed=7)
    assert not report.failures
    assert report.cases >= module.QUICK


def test_of_many_failures_some_are_described_and_all_are_counted() -> None:
    report = Report()
    for number in range(MOST_FAILURES + 3):
        report.fail("taken", f"case {number}")
    assert len(report.failures) == MOST_FAILURES
    assert report.cases == report.outcomes["failed"] == MOST_FAILURES + 3


def run_program(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the program with targets that try nothing, of which one fails."""

    def tried(name: str, cases: int, seed: int) -> Report:
        report = Report()
        report.count("refused", cases)
        if name == "uploads":
            report.fail("taken", f"case {seed}")
        return report

    monkeypatch.setattr(targets, "run", tried)
    monkeypatch.setattr(sys, "argv", ["fuzz", *arguments])
    return main()


def test_a_run_is_told_as_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stored = tmp_path / "new" / "fuzz.json"
    assert run_program(monkeypatch, "pickles", "--cases", "60", "-o", str(stored)) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["targets"] == {
        "pickles": {"cases": 60, "outcomes": {"refused": 60}, "failures": []}
    }
    assert report["lost"] is False
    assert report["environment"]["python"]
    assert json.loads(stored.read_text(encoding="utf-8")) == report


def test_a_failure_is_told_with_what_reproduces_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(monkeypatch, "uploads", "pickles", "--seed", "9") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["targets"]["uploads"]["failures"] == [{"what": "taken", "reproduce": "case 9"}]
    assert report["targets"]["pickles"]["cases"] == targets.target("pickles").CASES
    assert report["lost"] is True


def test_a_target_that_is_not_there_is_said_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_program(monkeypatch, "picles")
    assert "no target named picles; there are " in capsys.readouterr().err
