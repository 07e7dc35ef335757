"""Every target, small; and what `make fuzz` makes of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.fuzz import targets
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


def test_a_run_is_told_as_one_json_object() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "pickles", "--cases", "60"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    report = json.loads(told.stdout)
    assert report["targets"]["pickles"]["cases"] >= 60
    assert report["lost"] is False
    assert report["environment"]["python"]


def test_a_target_that_is_not_there_is_said_with_those_that_are() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "picles"]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    assert told.returncode == 2
    assert "no target named picles; there are " in told.stderr
