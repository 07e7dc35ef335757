"""Everything that is stored, on a disk that is full, read-only or broken: told, and undamaged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.disk.faults import FAULTS, compile_shim, run_child

MEMBERS_HEAR = "My data cannot be read or written right now. My operator has to look at it."

FULL = "DiskFullError: The disk is full. Make room."
FAILS = "DiskFullError: The disk fails, is full, or can only be read. Check it."
DONE = "done"
KEY_UNCHANGED = "KeyFileError: The key file"
# What SQLite cannot read, it takes for damaged.
UNREAD = "StorageError: Check the disk; then run `mynah doctor`"
CHANGES = ("enrol", "replace", "restore", "rename", "tune", "set")

EXPECTED: dict[str, dict[str, str]] = {
    "f": {
        **dict.fromkeys(CHANGES, FULL),
        **dict.fromkeys(("speak", "pause", "count uses", "check", "delete", "erase"), DONE),
        "rotate": KEY_UNCHANGED,
        "start": DONE,
    },
    "r": {
        **dict.fromkeys((*CHANGES, "pause", "delete", "erase"), FAILS),
        **dict.fromkeys(("speak", "count uses", "check"), DONE),
        "rotate": KEY_UNCHANGED,
        "start": "StorageError: Check that the directory exists and that this user may write to it",
    },
    "e": {
        **dict.fromkeys(("rename", "tune", "pause", "set", "erase"), FAILS),
        **dict.fromkeys(("speak", "enrol", "replace", "check", "delete"), UNREAD),
        "restore": "UnreadableClipError: Check the disk.",
        "count uses": DONE,
        "rotate": KEY_UNCHANGED,
        "start": KEY_UNCHANGED,
    },
}


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_shim(tmp_path_factory.mktemp("shim"))


@pytest.mark.parametrize("fault", FAULTS, ids=FAULTS.values())
def test_what_a_failing_disk_stops_is_told_damages_nothing_and_works_again(
    tmp_path: Path, shim: Path, fault: str
) -> None:
    told = run_child(tmp_path, shim, "child", fault)
    assert told.keys() == EXPECTED[fault].keys()
    for operation, expected in EXPECTED[fault].items():
        prove(operation, expected, told[operation])


def prove(operation: str, expected: str, told: dict[str, Any]) -> None:
    failing = told["failing"]
    kind, _, advice = expected.partition(": ")
    # Where in a failing disk something stops depends on what SQLite holds in memory.
    kinds = {kind, "StorageError", "DiskFullError"} if expected in (FAILS, UNREAD) else {kind}
    assert failing["kind"] in kinds, (operation, failing)
    assert told["damaged"] == [], operation
    if kind == DONE:
        return
    assert told["changed"] == [], operation
    assert told["well"]["kind"] == DONE, (operation, told["well"])
    assert failing["member"] == MEMBERS_HEAR
    assert failing["operator"].isprintable()  # one line
    if failing["kind"] == kind:
        assert advice in failing["operator"], operation


@pytest.mark.timeout(240)
def test_wherever_a_disk_fails_nothing_is_damaged_or_half_there() -> None:
    command = [sys.executable, "-m", "tests.disk", "--step", "37"]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    report = json.loads(told.stdout)
    assert [disk["faults"] for disk in report["disks"].values()] == [[]] * 3
    assert told.returncode == 0
    assert report["points"] > 30
