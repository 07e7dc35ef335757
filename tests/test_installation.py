"""Advice on what to install fits how Mynah was installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.installation import Extra, advice, command, is_clone


@pytest.mark.parametrize(
    ("extra", "clone", "package"),
    [
        ("chatterbox", "make install-chatterbox", 'pip install "mynah-bot[chatterbox]"'),
        ("piper", "make install", 'pip install "mynah-bot[piper]"'),
    ],
)
def test_the_command_is_that_of_a_clone_or_of_a_package(
    extra: Extra, clone: str, package: str
) -> None:
    assert command(extra, clone=True) == clone
    assert command(extra, clone=False) == package
    assert advice(extra, clone=True) == f"run `{clone}` in Mynah's folder"
    assert advice(extra, clone=False) == f"run `{package}` in its environment"


def test_a_clone_has_a_makefile_beside_the_packages(tmp_path: Path) -> None:
    made = tmp_path / ".venv"
    assert not is_clone(tmp_path, made)
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).touch()
    assert is_clone(tmp_path, made)


def test_make_is_not_advised_where_it_installs_into_another_environment(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).touch()
    assert not is_clone(tmp_path, tmp_path / "elsewhere" / ".venv")
    assert not is_clone(tmp_path, tmp_path / "environment")
