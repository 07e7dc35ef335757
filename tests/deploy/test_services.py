"""systemd's units: what they promise, and what systemd itself says of them where it is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SYSTEM, USER = UNITS / "mynah.service", UNITS / "mynah-user.service"
MOST_EXPOSED = {"mynah.service": 2.1, "mynah-user.service": 6.9}
"""As `systemd-analyze security` says it, from 0 (least) to 10; docs/operations.md states them."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd"
)


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_a_wrong_configuration_is_not_tried_again_and_a_silent_bot_is(unit: Path) -> None:
    has = settings(unit)
    assert has["Type"] == ["notify"]
    assert has["WatchdogSec"] == ["30"]
    assert (has["Restart"], has["RestartPreventExitStatus"]) == (["on-failure"], ["2"])
    assert has["OOMPolicy"] == ["continue"]  # the bot replaces a worker that was killed


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_the_media_workers_walls_can_stand(unit: Path) -> None:
    has = settings(unit)
    assert has["RestrictNamespaces"] == ["user net"]
    calls = " ".join(has["SystemCallFilter"]).split()
    assert {"@system-service", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
            "landlock_restrict_self"} == set(calls)  # fmt: skip
    assert "MemoryDenyWriteExecute" not in has  # numba compiles while it runs


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_the_pacer_may_take_its_priority(unit: Path) -> None:
    has = settings(unit)
    assert has["LimitRTPRIO"] == ["1"]
    assert "RestrictRealtime" not in has


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_the_token_is_a_credential(unit: Path) -> None:
    has = settings(unit)
    assert has["LoadCredential"][0].startswith("discord-token:")
    assert "MYNAH_DISCORD__TOKEN_FILE=%d/discord-token" in has["Environment"]
    assert not any("DISCORD_TOKEN=" in line for line in has["Environment"])


@needs_systemd
@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_but_the_missing_program(unit: Path) -> None:
    words = ["systemd-analyze", "verify", "--man=no", str(unit)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    faults = [line for line in said.splitlines() if unit.name in line or "mynah" in line]
    assert [line for line in faults if "is not executable" not in line] == []


@needs_systemd
@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=lambda unit: unit.name)
def test_the_exposure_is_as_stated(unit: Path, tmp_path: Path) -> None:
    alone = shutil.copy(unit, tmp_path)  # without the files of mynah.service.d
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(alone)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    if level is None:
        pytest.skip("this systemd cannot judge a file")
    assert float(level[1]) <= MOST_EXPOSED[unit.name]
