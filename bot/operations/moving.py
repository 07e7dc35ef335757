"""Moving all data between the places that two configurations name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

from bot.clip_place import clips_opener
from bot.config_sections import StorageSettings
from bot.database_place import database_url
from bot.errors import UserError
from bot.keys import key_ring
from storage.directory import prepare_directory
from storage.moving import Moved, OnProgress, Place, move
from storage.opening import open_database
from storage.use_lock import alone


async def move_data(
    source: StorageSettings, aim: StorageSettings, on_progress: OnProgress, *, replace: bool
) -> Moved:
    """Copy all of it, while nobody else on this machine uses either directory.

    Raises UserError, DirectoryInUseError, and what `storage.moving.move` raises.
    """
    if not source.directory.is_dir():
        raise UserError(f"There is no data directory {source.directory}. Check storage.directory.")
    if _same_rows(source, aim) and _same_clips(source, aim):
        raise UserError("That is where the data lies already. Name another place.")
    keys = await asyncio.to_thread(key_ring, source)
    await asyncio.to_thread(partial(prepare_directory, aim.directory, database=False))
    with ExitStack() as stack:
        for directory in sorted({source.directory.resolve(), aim.directory.resolve()}):
            stack.enter_context(alone(directory))
        async with _opened(source) as origin, _opened(aim, to_fill=True) as place:
            if _same_rows(source, aim):
                place = Place(origin.database, place.clips)
            return await move(origin, place, keys, on_progress, replace=replace)


def _same_rows(one: StorageSettings, other: StorageSettings) -> bool:
    return database_url(one) == database_url(other) and (
        database_url(one) is not None or _beside(one, other)
    )


def _same_clips(one: StorageSettings, other: StorageSettings) -> bool:
    same = (one.clips, one.clips_endpoint) == (other.clips, other.clips_endpoint)
    return same and (one.clips is not None or _beside(one, other))


def _beside(one: StorageSettings, other: StorageSettings) -> bool:
    return one.directory.resolve() == other.directory.resolve()


@asynccontextmanager
async def _opened(storage: StorageSettings, *, to_fill: bool = False) -> AsyncIterator[Place]:
    url = database_url(storage)
    async with (
        open_database(storage.directory, url, to_fill=to_fill) as database,
        clips_opener(storage)(storage.directory) as clips,
    ):
        yield Place(database, clips)
