"""The workflows call targets that exist, and hold no right that they do not need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = "".join(
    (ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "tools/release/targets.mk")
)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_what_is_called_exists(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    called = re.findall(r"run: make ([a-z-]+)", text)
    assert called
    assert [name for name in called if not re.search(rf"^{name}:", TARGETS, re.MULTILINE)] == []
    modules = re.findall(r"python -m ([\w.]+)", text)
    assert all((ROOT / f"{name.replace('.', '/')}.py").is_file() for name in modules)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_nobody_may_write_unless_a_job_must(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert "permissions:\n  contents: read\n" in text
    written = re.findall(r"^ {6}([a-z-]+): write$", text, re.MULTILINE)
    wanted = ["id-token", "contents"] if workflow.name == "release.yml" else []
    assert written == wanted


def test_a_release_is_published_only_after_its_tests() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    build, publish = text.split("  publish:\n")
    for step in ("tools.release.version", "make audit", "make dist", "make test-wheel"):
        assert step in build
    assert publish.startswith("    needs: build\n")
    assert "password" not in text


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_their_version(workflow: Path) -> None:
    used = re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8"))
    assert used
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [action for action in used if not pinned.fullmatch(action)] == []
