"""`mynah guilds`: the servers and their settings; a file for each command."""

from __future__ import annotations

import click

from bot.cli.as_json import json_option
from bot.cli.guilds.change import set_command
from bot.cli.guilds.listing import list_command, print_guilds
from bot.cli.guilds.show import show


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def guilds(context: click.Context, as_json: bool) -> None:
    """List the servers; look at the settings of one, or change them."""
    if context.invoked_subcommand is None:
        print_guilds(context.obj, as_json=as_json)
    elif as_json:
        raise click.UsageError(
            f"Give --json after the command: mynah guilds {context.invoked_subcommand} ... --json."
        )


for command in (list_command, show, set_command):
    guilds.add_command(command)
