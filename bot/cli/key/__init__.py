"""`mynah key`: the key that recordings are sealed with; a file for each command."""

from __future__ import annotations

import click

from bot.cli.key.new import new
from bot.cli.key.rotate import rotate
from bot.cli.key.seal import seal, unseal


@click.group()
def key() -> None:
    """Make, change and apply the key that recordings are sealed with."""


for command in (new, rotate, seal, unseal):
    key.add_command(command)
