"""`mynah models`: the models on the disk, and what can be done with them; a file for each."""

from __future__ import annotations

import click

from bot.cli.as_json import json_option
from bot.cli.models.fetch import fetch
from bot.cli.models.listing import list_command, print_models
from bot.cli.models.remove import remove
from bot.cli.models.verify import verify


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List Chatterbox's models; fetch, check or remove one."""
    if context.invoked_subcommand is None:
        print_models(context.obj, as_json=as_json)
    elif as_json:
        raise click.UsageError(
            f"Give --json after the command: mynah models {context.invoked_subcommand} ... --json."
        )


for command in (list_command, fetch, verify, remove):
    models.add_command(command)
