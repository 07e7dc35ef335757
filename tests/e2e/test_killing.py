"""Workers that are killed at random: no text is lost, none is said twice."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_a_hundred_deaths_lose_no_text_and_say_none_twice() -> None:
    command = [sys.executable, "-m", "tests.e2e.killing", "--kills", "100"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert not report["in disorder"]
    assert report["last"] == "spoken"
    outcomes = report["outcomes"]
    assert "lost" not in outcomes
    assert outcomes["spoken"] > 100
    assert outcomes["processed"] > 20
    assert run.stderr == ""
