"""Much at once for a while: nothing fails, nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("operations", "seconds"),
    [
        pytest.param(8, 8, id="short"),
        pytest.param(50, 120, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(420)]),
    ],
)
def test_members_who_enrol_and_speak_at_random_leave_nothing_behind(
    operations: int, seconds: int
) -> None:
    command = [sys.executable, "-m", "tests.e2e.soak"]
    command += ["--operations", str(operations), "--seconds", str(seconds)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert sum(report["operations"].values()) == operations
    assert report["sentences"] > 0
    assert report["unreadable"] == 0
    assert not report["complaints"]
    assert not report["tasks_left"]
    assert not report["left"]
