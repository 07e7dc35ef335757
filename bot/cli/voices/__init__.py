"""`mynah voices`: what is stored, and what can be done with it; a file for each command."""

from __future__ import annotations

import click

from bot.cli.as_json import json_option
from bot.cli.voices.access import pause, resume, share
from bot.cli.voices.change import delete, rename
from bot.cli.voices.export import export
from bot.cli.voices.listing import list_command, only_guild_option, print_voices
from bot.cli.voices.replace import replace, restore
from bot.cli.voices.show import show
from bot.cli.voices.tune import tune


@click.group(invoke_without_command=True)
@only_guild_option
@json_option
@click.pass_context
def voices(context: click.Context, guild_id: int | None, as_json: bool) -> None:
    """List the voices; look at one, or change it."""
    if context.invoked_subcommand is None:
        print_voices(context.obj, guild_id, as_json=as_json)
    elif guild_id is not None or as_json:
        option = "--json" if as_json else "--guild"
        raise click.UsageError(
            f"Give {option} after the command: mynah voices {context.invoked_subcommand} ... "
            f"{option}."
        )


for command in (
    list_command,
    show,
    tune,
    replace,
    restore,
    rename,
    share,
    pause,
    resume,
    delete,
    export,
):
    voices.add_command(command)
