"""shards.yaml: what it promises, and what docker compose makes of it where that is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from storage.shards import parse_shards
from tests.deploy.test_container_files import COMPOSE, FOLDER

SHARDS = FOLDER / "shards.yaml"
TEXT = SHARDS.read_text(encoding="utf-8")
SCALE = (FOLDER.parents[1] / "docs" / "scale.md").read_text(encoding="utf-8")
FILES = ["-f", "deploy/container/compose.yaml", "-f", "deploy/container/shards.yaml"]


def compose(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask docker's plugin; it needs no daemon to read files."""
    return subprocess.run(
        ["docker", "compose", *words],
        cwd=FOLDER.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip


def has_compose() -> bool:
    return shutil.which("docker") is not None and compose("version").returncode == 0


def every_shard_once(shards: list[str]) -> bool:
    """Whether processes of these shards are a whole bot."""
    parsed = [found for text in shards if (found := parse_shards(text)) is not None]
    ids = sorted(number for each in parsed for number in each.ids)
    counts = {each.count for each in parsed}
    return len(parsed) == len(shards) > 1 and counts == {len(ids)} and ids == list(range(len(ids)))


def test_every_shard_runs_once() -> None:
    assert every_shard_once(re.findall(r"MYNAH_DISCORD__SHARDS: (\S+)", TEXT))


@pytest.mark.parametrize(
    ("shards", "whole"),
    [
        (["0-3/8", "4-7/8"], True),
        (["0-3/8", "5-7/8"], False),
        (["0-3/8", "3-7/8"], False),
        (["0/2", "1/3"], False),
        (["0/1"], False),
        (["auto", "0/1"], False),
    ],
)
def test_what_a_whole_bot_is(shards: list[str], whole: bool) -> None:
    assert every_shard_once(shards) is whole


def test_a_service_changes_one_of_the_others_file_or_extends_one() -> None:
    there = set(re.findall(r"^  ([\w-]+):$", COMPOSE.split("\nservices:\n")[1], re.MULTILINE))
    named = set(re.findall(r"^  ([\w-]+):$", TEXT, re.MULTILINE))
    extended = re.findall(r"extends: {file: compose.yaml, service: ([\w-]+)}", TEXT)
    assert set(extended) <= there
    assert len(extended) == len(named - there) > 0


def test_the_page_tells_the_command_of_the_file() -> None:
    command = f"docker compose {' '.join(FILES)} --profile cpu up -d"
    assert command in TEXT
    assert command in SCALE


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of the profile, as docker compose understands them."""
    if not has_compose():
        pytest.skip("there is no docker compose")
    shown = compose(*FILES, "--profile", "cpu", "config", "--format", "json")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)["services"]
    return found


def test_compose_runs_each_service_with_shards_of_its_own(services: dict[str, Any]) -> None:
    assert len(services) > 1
    shards = [each["environment"]["MYNAH_DISCORD__SHARDS"] for each in services.values()]
    assert every_shard_once(shards)


def test_for_compose_services_differ_in_nothing_else(services: dict[str, Any]) -> None:
    first, *others = (
        {**each, "environment": dict(each["environment"])} for each in services.values()
    )
    for each in (first, *others):
        del each["environment"]["MYNAH_DISCORD__SHARDS"]
    assert all(other == first for other in others)
