"""Disks that fail in the middle of an operation: some of what `make disk-faults` tries."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.timeout(240)
def test_wherever_a_disk_fails_nothing_is_damaged_or_half_there() -> None:
    command = [sys.executable, "-m", "tests.disk", "--step", "37"]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    report = json.loads(told.stdout)
    assert [disk["faults"] for disk in report["disks"].values()] == [[]] * 3
    assert told.returncode == 0
    assert report["points"] > 30
