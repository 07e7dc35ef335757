"""`mynah key new`: a key in a file that nobody else can read."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import click

from bot.cli.context import Context
from bot.cli.output import print_line, print_warning
from bot.errors import MynahError, UserError

DEFAULT_NAME = "mynah.key"


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.pass_obj
def new(context: Context, file: Path | None) -> None:
    """Make a key and write it to FILE, for this user alone.

    Without FILE it is the configured storage.key_file, else mynah.key. A file that is there is
    never replaced. With - in place of FILE the key is printed, for a program that keeps secrets.
    """
    from storage.key_file import create_key_file, new_key

    if file == Path("-"):
        click.echo(base64.b64encode(new_key()))
        return
    configured = context.settings.storage.key_file
    path = (file or configured or Path(DEFAULT_NAME)).expanduser().absolute()
    if configured is None or path != configured.absolute():
        context.own_files.refuse(path)
    try:
        create_key_file(path, [new_key()])
    except FileExistsError:
        raise UserError(
            f"{path} is there already and is not replaced: what it holds may be the only key to "
            "recordings. Name another file; `mynah key rotate` changes the key of recordings."
        ) from None
    except OSError as error:
        raise MynahError(f"{path} cannot be written: {error.strerror}.") from error
    _tell(path, context.settings.storage.directory, configured)


def _tell(path: Path, data: Path, configured: Path | None) -> None:
    print_line(f"A new key is in {path}.")
    print_line(
        ("Keep a copy of it", "bold"), " in a safe place, apart from the backups of the data. "
        "Without it the voices are lost, for you as for anybody else."
    )  # fmt: skip
    if path.is_relative_to(data.resolve()):
        print_warning(
            f"{path} lies in the data directory, so a backup of that holds both. Better elsewhere."
        )
    if configured is None or configured.absolute() != path:
        print_line(f'Then set key_file = "{path}" under [storage], and start the bot again.')
    print_line(f"The bot's user must be able to read it{_owner()}.")
    print_line("What is stored already is sealed by `mynah key seal`, also while the bot runs.")


def _owner() -> str:
    return "; now only root is: chown it" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
