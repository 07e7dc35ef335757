"""docs/cli.md against the program: its commands, its options, and that its help is short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli.main import cli

TEXT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


COMMANDS = dict(commands(cli, "mynah"))


def section(path: str) -> str:
    return TEXT.split(f"\n### {path}\n")[1].split("\n## ")[0].split("\n### ")[0]


def test_every_command_is_documented_and_no_other() -> None:
    assert set(re.findall(r"^### (mynah .*)$", TEXT, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_documented_and_no_other(path: str) -> None:
    options = [o for o in COMMANDS[path].params if isinstance(o, click.Option) and not o.hidden]
    rows = re.findall(r"^\| (`-.*?) \|", section(path), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(-[^`]+)`", row)}
    assert documented == {name for option in options for name in option.opts}


@pytest.mark.parametrize("path", COMMANDS)
def test_help_is_short_enough_to_be_shown_whole(path: str) -> None:
    assert not COMMANDS[path].get_short_help_str(65).endswith("...")
