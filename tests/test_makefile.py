"""The environments that the targets of Chatterbox use."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import FIRST, TESTS, rank

ROOT = Path(__file__).parent.parent
# What the make that runs these tests hands on.
OUTER = {"WAY", "ARGS", "ENGINE", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}


def plan(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What make would do, the environments included."""
    environment = {name: value for name, value in os.environ.items() if name not in OUTER}
    return subprocess.run(
        ["make", "--dry-run", "--what-if", "requirements/dev.txt", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "way"),
    [
        (["test-chatterbox"], ".venv-chatterbox", "cpu"),
        (["test-full-size"], ".venv-chatterbox", "cpu"),
        (["demo", "ENGINE=nano-random"], ".venv-chatterbox", "cpu"),
        (["demo", "ENGINE=nano-random", "WAY=auto"], ".venv-chatterbox-auto", "auto"),
        (["bench-chatterbox"], ".venv-chatterbox", "cpu"),
        (["bench-chatterbox", "WAY=auto"], ".venv-chatterbox-auto", "auto"),
        (["test-chatterbox-gpu"], ".venv-chatterbox-auto", "auto"),
        (["test-chatterbox-gpu", "WAY=upstream"], ".venv-chatterbox-upstream", "upstream"),
    ],
)
def test_each_way_has_an_environment_of_its_own(
    arguments: list[str], environment: str, way: str
) -> None:
    planned = plan(*arguments).stdout
    assert f"{environment}/bin/python -m tools.install_chatterbox --way {way}\n" in planned
    assert f"touch {environment}/.ready" in planned
    used = {word.split("/")[0] for word in planned.split() if word.startswith(".venv")}
    assert used == {environment}


def test_the_usual_demo_does_without_chatterbox() -> None:
    assert ".venv/bin/python -m tools.demo\n" in plan("demo").stdout


def test_files_are_handed_out_as_they_are_sorted() -> None:
    for target in ("test", "test-e2e", "test-chatterbox"):
        assert "--dist loadfile --no-loadscope-reorder" in plan(target).stdout
    assert all((TESTS / folder).is_dir() for folder in FIRST)
    slow, own, quick = TESTS / "e2e" / "test_soak.py", Path(__file__), TESTS / "cogs" / "test_x.py"
    assert rank(slow) == 0 < rank(own) < rank(quick) == len(FIRST)


def test_on_a_gpu_full_size_has_a_process_of_its_own() -> None:
    tests = [line for line in plan("test-chatterbox-gpu").stdout.splitlines() if "pytest" in line]
    assert ["'gpu and not full_size'" in line for line in tests] == [True, False]
    assert ["'gpu and full_size'" in line for line in tests] == [False, True]
    assert all("-n 0" in line for line in tests)


@pytest.mark.parametrize("way", ["", "gpu"])
def test_a_way_that_does_not_exist_is_refused(way: str) -> None:
    refused = plan("test-chatterbox-gpu", f"WAY={way}")
    assert refused.returncode != 0
    assert "WAY is one of cpu auto upstream cuda" in refused.stderr


def test_git_ignores_the_environments() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".venv-chatterbox*/" in ignored


def test_tests_find_byte_code_and_the_base_install_stays_small() -> None:
    compiling = "compileall"
    assert compiling in plan("test").stdout
    assert compiling in plan(".venv/.dev").stdout
    assert compiling not in plan("--what-if", "requirements/piper.txt", ".venv/.piper").stdout
