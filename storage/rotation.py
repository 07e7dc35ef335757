"""Changing the key: a new one first in its file, and the old one out when nothing needs it.

The file changes under SQLite's write lock. Whoever seals holds it too and looks at the file first,
so nothing is sealed any more by a key that is taken out, and two rotations lose no key.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage.connections import Execute
from storage.errors import KeyFileError
from storage.key_file import new_key, read_keys, write_keys
from storage.sealing import key_id
from storage.seals import needed_keys
from storage.voices import VoiceStore


async def begin_rotation(voices: VoiceStore, file: Path) -> bool:
    """Put a new key first in the file of the store's keys; False where one was begun before.

    Raises StorageError.
    """

    def add() -> bool:
        keys = read_keys(file)
        if len(keys) > 1:
            return False
        _write(file, (new_key(), *keys))
        return True

    async def work(_execute: Execute) -> bool:
        return await asyncio.to_thread(add)

    begun = await voices.database.write(work)
    await asyncio.to_thread(voices.keys.refresh)
    return begun


async def finish_rotation(voices: VoiceStore, file: Path) -> tuple[str, ...]:
    """Take the keys out of the file that nothing needs any more; return the ids of those that stay
    beside the newest.

    Raises StorageError.
    """

    async def work(_execute: Execute) -> tuple[str, ...]:
        used, unread = await needed_keys(voices.database, voices.clips)
        newest, *older = await asyncio.to_thread(read_keys, file)
        needed = [key for key in older if unread or key_id(key) in used]
        if len(needed) < len(older):
            await asyncio.to_thread(_write, file, (newest, *needed))
        return tuple(key_id(key) for key in needed)

    return await voices.database.write(work)


def _write(file: Path, keys: tuple[bytes, ...]) -> None:
    try:
        write_keys(file.resolve(), keys)
    except OSError as error:
        raise KeyFileError(
            f"The key file {file} cannot be changed ({error.strerror}). Nothing was. If another "
            "program brings it here, put a new key (`mynah key new -`) before the old one there, "
            "restart the bot, and run `mynah key seal`."
        ) from error
