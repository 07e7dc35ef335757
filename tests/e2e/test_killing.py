"""Workers that are killed at random: no text is lost, none is said twice."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(30, id="some", marks=pytest.mark.timeout(300)),
        pytest.param(100, id="hundred", marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
def test_deaths_lose_no_text_and_say_none_twice(kills: int) -> None:
    command = [sys.executable, "-m", "tests.e2e.killing", "--kills", str(kills)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)  # each text came to an end that its asker was told
    assert report["outcomes"]["said"] >= 5
    assert not report["out of turn"]
    assert report["last"] == ["said"] * 5
