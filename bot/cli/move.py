"""`mynah move`: all that is stored, copied to another place and compared there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import counted, print_facts, print_line, progress_steps
from bot.errors import UserError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.config_sections import StorageSettings
    from storage.moving import Moved, OnProgress, Place


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
    source = context.settings.storage
    aim = _target(source, target)
    if _same(source, aim):
        raise UserError(f"{target} is where the data lies already. Name another place.")
    with progress_steps() as show:

        def on_progress(done: int, total: int) -> None:
            show(f"Copying recordings ... {done} of {total}", 0)

        moved = asyncio.run(_move(source, aim, on_progress, force=force))
    if as_json:
        print_json({"to": _named(aim), **asdict(moved)})
    else:
        _tell(moved, aim)


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


def _same(one: StorageSettings, other: StorageSettings) -> bool:
    """Whether rows or recordings would be copied onto themselves."""
    beside = one.directory.resolve() == other.directory.resolve()
    clips = (one.clips, one.clips_endpoint) == (other.clips, other.clips_endpoint)
    return _same_rows(one, other) and clips and (one.clips is not None or beside)


def _same_rows(one: StorageSettings, other: StorageSettings) -> bool:
    beside = one.directory.resolve() == other.directory.resolve()
    return _url(one) == _url(other) and (_url(one) is not None or beside)


def _url(storage: StorageSettings) -> str | None:
    url: SecretStr | None = getattr(storage, "url", None)
    return url.get_secret_value() if url is not None else None


async def _move(
    source: StorageSettings, aim: StorageSettings, on_progress: OnProgress, *, force: bool
) -> Moved:
    from bot.keys import key_ring
    from storage.directory import prepare_directory
    from storage.moving import Place
    from storage.moving import move as move_all
    from storage.use_lock import alone

    keys = key_ring(source)
    if not source.directory.is_dir():
        raise UserError(f"There is no data directory {source.directory}. Check storage.directory.")
    prepare_directory(aim.directory, database=False)
    with ExitStack() as stack:
        for directory in sorted({source.directory.resolve(), aim.directory.resolve()}):
            stack.enter_context(alone(directory))
        async with _opened(source) as origin, _opened(aim) as place:
            if _same_rows(source, aim):
                place = Place(origin.database, place.clips)
            return await move_all(origin, place, keys, on_progress, replace=force)


@asynccontextmanager
async def _opened(storage: StorageSettings) -> AsyncIterator[Place]:
    from bot.clip_place import clips_opener
    from storage.moving import Place, nothing_to_do
    from storage.opening import open_database

    url = _url(storage)
    if url is None:
        finish = nothing_to_do
    else:
        from storage.postgres.sequences import advance

        finish = advance
    async with (
        open_database(storage.directory, url) as database,
        clips_opener(storage)(storage.directory) as clips,
    ):
        yield Place(database, clips, finish)


def _named(storage: StorageSettings) -> dict[str, str]:
    url = _url(storage)
    # Not the address itself, which may hold a password.
    rows = "PostgreSQL" if url is not None else str(storage.directory)
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
