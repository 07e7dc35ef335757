"""`mynah engine`: engines of a Ray cluster that are kept by hand; a file for each command."""

from __future__ import annotations

import click

from bot.cli.engine.serve import serve
from bot.cli.engine.stop import stop


@click.group()
def engine() -> None:
    """Keep engines of a Ray cluster by hand."""


for command in (serve, stop):
    engine.add_command(command)
