"""systemd's units: what they promise, and what systemd itself says of them where it is there."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.test_container_shards import every_shard_once

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
DOCS = UNITS.parents[1] / "docs"
SYSTEM, USER = UNITS / "mynah.service", UNITS / "mynah-user.service"
SHARDS, TARGET = UNITS / "mynah@.service", UNITS / "mynah.target"
ALL = [SYSTEM, SHARDS, USER]
MOST_EXPOSED = {"mynah.service": 2.1, "mynah@.service": 2.1, "mynah-user.service": 6.9}
"""As `systemd-analyze security` says it, from 0 (least) to 10; docs/operations.md states them."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd"
)


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_a_wrong_configuration_is_not_tried_again_and_a_silent_bot_is(unit: Path) -> None:
    has = settings(unit)
    assert has["Type"] == ["notify"]
    assert has["WatchdogSec"] == ["30"]
    assert (has["Restart"], has["RestartPreventExitStatus"]) == (["on-failure"], ["2"])
    assert has["OOMPolicy"] == ["continue"]  # the bot replaces a worker that was killed


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_the_media_workers_walls_can_stand(unit: Path) -> None:
    has = settings(unit)
    assert has["RestrictNamespaces"] == ["user net"]
    calls = " ".join(has["SystemCallFilter"]).split()
    assert {"@system-service", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
            "landlock_restrict_self"} == set(calls)  # fmt: skip
    assert "MemoryDenyWriteExecute" not in has  # numba compiles while it runs


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_the_pacer_may_take_its_priority(unit: Path) -> None:
    has = settings(unit)
    assert has["LimitRTPRIO"] == ["1"]
    assert "RestrictRealtime" not in has


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_the_token_is_a_credential(unit: Path) -> None:
    has = settings(unit)
    assert has["LoadCredential"][0].startswith("discord-token:")
    assert "MYNAH_DISCORD__TOKEN_FILE=%d/discord-token" in has["Environment"]
    assert not any("DISCORD_TOKEN=" in line for line in has["Environment"])


def test_the_unit_of_some_shards_is_that_of_all_but_for_what_is_marked() -> None:
    """What is changed in one is changed in both; comments that differ begin with # Instance."""
    ours, whole = (unit.read_text(encoding="utf-8").split("[Unit]", 1)[1].splitlines()
                   for unit in (SHARDS, SYSTEM))  # fmt: skip
    others = [line for line in difflib.ndiff(whole, ours) if line[0] in "+-"]
    assert [line for line in others if not line.startswith("+ # Instance: ")] == [
        "- Description=Mynah, a Discord bot that speaks in the voices of its members",
        "+ Description=Mynah, a Discord bot that speaks in the voices of its members (%i)",
        "+ PartOf=mynah.target",
        "+ EnvironmentFile=/etc/mynah/%i.environment",
        "+ SyslogIdentifier=mynah@%i",
        "- WantedBy=multi-user.target",
        "+ WantedBy=mynah.target",
    ]


def test_an_instance_is_told_its_shards_in_a_file_of_its_own_and_ends_with_all() -> None:
    has = settings(SHARDS)
    # The last one counts: what one instance is told goes before what all are. Without its file it
    # would run all shards, so the file has to be there.
    assert has["EnvironmentFile"] == ["-/etc/mynah/environment", "/etc/mynah/%i.environment"]
    assert has["PartOf"] == has["WantedBy"] == [TARGET.name]


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_no_file_is_named_by_an_escaped_name(unit: Path) -> None:
    r"""EnvironmentFile= takes a pattern, in which a backslash quotes: 0\x2d3 would be 0x2d3."""
    assert "%I" not in unit.read_text(encoding="utf-8")


def shell_of(page: str, heading: str) -> str:
    """The commands that a section of a page tells."""
    section = (DOCS / page).read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n#+ ", section, maxsplit=1)[0]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


def test_the_page_starts_instances_whose_files_it_writes() -> None:
    shell = shell_of("scale.md", "### With systemd")
    written = dict(re.findall(r"^echo MYNAH_DISCORD__SHARDS=(\S+) > /etc/mynah/(\w+)\.environment$",
                              shell, re.MULTILINE))  # fmt: skip
    started = re.findall(r"^systemctl enable --now mynah.target (.+)$", shell, re.MULTILINE)
    assert started == [" ".join(f"mynah@{name}" for name in written.values())]
    assert every_shard_once(list(written))


@pytest.mark.parametrize(
    ("page", "heading"),
    [("operations.md", "### A service of systemd"), ("scale.md", "### With systemd")],
)
def test_every_file_that_a_page_installs_is_there_and_its_folder_is_made(
    page: str, heading: str
) -> None:
    installed = re.findall(r"^(install .+?)(?: &&.*)?$", shell_of(page, heading), re.MULTILINE)
    assert installed
    for words in map(str.split, installed):
        sources = [word for word in words if word.startswith("deploy/")]
        assert sources
        assert all((UNITS.parents[1] / source).is_file() for source in sources)
        # Debian makes no /etc/sysusers.d.
        assert words[-1].startswith("/etc/systemd/system/") or "-D" in words


@needs_systemd
@pytest.mark.parametrize("unit", [*ALL, TARGET], ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_but_the_missing_program(unit: Path) -> None:
    words = ["systemd-analyze", "verify", "--man=no", str(unit)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    faults = [line for line in said.splitlines() if unit.stem in line or "mynah" in line]
    assert [line for line in faults if "is not executable" not in line] == []


@needs_systemd
@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.name)
def test_the_exposure_is_as_stated(unit: Path, tmp_path: Path) -> None:
    alone = shutil.copy(unit, tmp_path)  # without the files of mynah.service.d
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(alone)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    if level is None:
        pytest.skip("this systemd cannot judge a file")
    assert float(level[1]) <= MOST_EXPOSED[unit.name]
