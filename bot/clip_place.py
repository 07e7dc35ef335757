"""Where the configuration says that clips lie."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import UserError
from storage.clip_directory import open_directory
from storage.clip_files import ClipFiles, ClipsOpener
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.config_sections import StorageSettings
    from storage.objects.address import ObjectAddress

MEGABYTE = 1024 * 1024


def clips_opener(storage: StorageSettings) -> ClipsOpener:
    """Return what opens the clips: those of the data directory, or of an S3-compatible store."""
    if storage.clips is None:
        return open_directory
    return partial(_open_objects, address_of(storage), storage.clips_cache_mb * MEGABYTE)


def address_of(storage: StorageSettings) -> ObjectAddress:
    """Return the address of clips that lie in an S3-compatible store."""
    from storage.objects.address import ObjectAddress, split_address

    assert storage.clips is not None
    access, secret = storage.clips_access_key, storage.clips_secret_key
    return ObjectAddress(
        *split_address(storage.clips),
        endpoint=storage.clips_endpoint,
        region=storage.clips_region,
        access_key=access.get_secret_value() if access else None,
        secret_key=secret.get_secret_value() if secret else None,
    )


@asynccontextmanager
async def _open_objects(
    address: ObjectAddress, cache_bytes: int, directory: Path
) -> AsyncIterator[ClipFiles]:
    # Here, because a small server neither has nor needs what they use.
    from storage.objects.bucket import Bucket
    from storage.objects.clips import open_objects

    try:
        opened = open_objects(Bucket(address), directory, cache_bytes)
        async with opened as clips:
            yield clips
    except OSError as error:
        raise StorageError(
            f"Recordings cannot be fetched to {directory} ({error.strerror}). Check that this user "
            "may write there and that the disk is not full."
        ) from error


async def keeps_versions(storage: StorageSettings) -> bool:
    """Whether recordings lie in a bucket in which what is deleted stays. Raises StorageError."""
    if storage.clips is None:
        return False
    from storage.objects.bucket import Bucket

    try:
        return await asyncio.to_thread(Bucket(address_of(storage)).keeps_versions)
    except OSError as error:
        raise StorageError(
            f"Nothing can be written to {storage.clips} ({error.strerror})."
        ) from error


def refuse_apart(storage: StorageSettings, command: str) -> None:
    """Raise UserError for what works with a data directory alone, where clips lie elsewhere."""
    if storage.clips is not None:
        raise UserError(
            f"`mynah {command}` works with a data directory, and the recordings lie in "
            f"{storage.clips}. Copy all of it to one first: mynah move --to DIRECTORY"
        )
