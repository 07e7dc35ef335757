"""`mynah move`: all that is stored, copied to another place and compared there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import counted, print_facts, print_line, progress_steps
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config_sections import StorageSettings
    from storage.moving import Moved, Progress


@click.command()
@click.option("--to", "target", required=True, metavar="CONFIG|DIRECTORY|URL", help="Where to.")
@click.option("--force", is_flag=True, help="Replace data that is there: it is deleted.")
@json_option
@click.pass_obj
def move(context: Context, target: str, force: bool, as_json: bool) -> None:
    """Copy all that is stored to another place; stop the bot before.

    Voices, recordings, evidence, settings, dictionaries, audit trails: all is copied and then
    compared. What is copied from stays as it is. The place is a configuration file, whose [storage]
    says where; a data directory; or only the address of the database (postgresql://...) or of the
    recordings (s3://...) in place of the configured one. What was ended goes on when it is called
    again.
    """
    from bot.operations.moving import move_data

    source = context.settings.storage
    aim = _target(source, target)
    if aim.directory != source.directory:
        context.own_files.refuse(aim.directory)
    with _progress() as on_progress:
        moved = asyncio.run(move_data(source, aim, on_progress, replace=force))
    if as_json:
        print_json({"to": _named(aim), **asdict(moved)})
    else:
        _tell(moved, aim)


_DOING = {
    "recordings": "Copying recordings",
    "rows": "Copying rows",
    "comparison": "Comparing rows",
}


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Show how far each step is: in numbers on a terminal, else only which one it is."""
    with progress_steps() as show:

        def on_progress(progress: Progress) -> None:
            told = f"{_DOING[progress.step]} ..."
            if sys.stderr is not None and sys.stderr.isatty():
                told += f" {progress.done} of {progress.total}"
                told += f", {progress.bytes / 1e6:.1f} MB" if progress.bytes else ""
            show(told, 0)

        yield on_progress


def _target(source: StorageSettings, target: str) -> StorageSettings:
    """Return where the data goes. Raises ConfigError, UserError."""
    from bot.config import load_settings
    from bot.config_sections import StorageSettings

    path = Path(target).expanduser()
    if path.is_file() or path.suffix == ".toml":
        return load_settings(path).storage
    values = source.model_dump()
    try:
        if target.startswith(("postgresql://", "postgres://")):
            return StorageSettings(**{**values, "url": target})
        if target.startswith("s3://"):
            return StorageSettings(**{**values, "clips": target})
    except ValueError:
        raise UserError(
            "That address cannot be used. It should be like postgresql://user@host/database or "
            "s3://bucket/prefix."
        ) from None
    if "://" in target:
        raise UserError("Only postgresql:// and s3:// addresses are known here.")
    return StorageSettings(directory=path)


def _named(storage: StorageSettings) -> dict[str, str]:
    from bot.database_place import database_url

    # Not the address itself, which may hold a password.
    rows = "PostgreSQL" if database_url(storage) is not None else str(storage.directory)
    return {"rows": rows, "recordings": storage.clips or str(storage.directory)}


def _tell(moved: Moved, aim: StorageSettings) -> None:
    named = _named(aim)
    print_facts(
        [
            ("rows", f"{moved.rows} to {named['rows']}, {counted(moved.voices, 'voice')}"),
            (
                "recordings",
                f"{moved.recordings} to {named['recordings']}, {moved.bytes / 1e6:.1f} MB",
            ),
            ("audit trails", f"{moved.trails}, followed to their ends"),
        ]
    )
    print_line(
        "All of it was read back and is the same. Now have [storage] name the new place, start the "
        "bot, and delete the old data when all is well: it is of people."
    )
