"""A process that is killed while it changes PostgreSQL and S3 leaves only what is swept."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from bot.app import open_store
from bot.config import Settings
from bot.config_sections import StorageSettings
from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.voices import VoiceStore
from tests.servers.places import places
from tests.servers.s3 import KEYS
from tests.storage.conftest import GUILD, add

put, delete = Bucket.put, Bucket.delete


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def put_and_die(*arguments: Any) -> None:
    put(*arguments)
    die()


def delete_and_die(*arguments: Any) -> None:
    delete(*arguments)
    die()


async def enrol(store: VoiceStore) -> None:
    await add(store, "Anna")


async def enrol_and_delete(store: VoiceStore) -> None:
    await store.delete((await add(store, "Anna")).id)


MOMENTS = {
    "before the object": (enrol, "put", die, 0),
    "between object and row": (enrol, "put", put_and_die, 1),
    "between row and object": (enrol_and_delete, "delete", die, 1),
    "when the object is gone": (enrol_and_delete, "delete", delete_and_die, 0),
}
"""What is done, where in it the process dies, and how many objects are left."""


def run_and_die(storage: StorageSettings, moment: str) -> None:
    work, method, death, _ = MOMENTS[moment]

    async def run() -> None:
        async with open_store(Settings(storage=storage)) as store:
            with patch.object(Bucket, method, death):
                await work(store)

    asyncio.run(run())


@pytest.fixture(scope="module")
def machines() -> Iterator[list[StorageSettings]]:
    with places(2) as made:
        yield made


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_writer_leaves_only_what_is_swept(
    machines: list[StorageSettings], moment: str
) -> None:
    killed, other = machines
    process = multiprocessing.get_context("spawn").Process(
        target=run_and_die, args=(killed, moment)
    )
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL
    bucket = bucket_of(other)
    assert len(bucket.list("clips")) == MOMENTS[moment][-1]
    async with open_store(Settings(storage=other)) as store:  # on the other machine, at once
        assert await store.count(GUILD) == 0
        assert (bucket.list("clips"), bucket.list("lost")) == ({}, {})
        assert await store.database.read("SELECT * FROM unneeded_clips") == []
        voice = await add(store, "Anna")
        await store.load_clip(voice)
        await store.delete(voice.id)


def bucket_of(storage: StorageSettings) -> Bucket:
    name, _, prefix = str(storage.clips).removeprefix("s3://").partition("/")
    return Bucket(ObjectAddress(name, prefix, storage.clips_endpoint, "us-east-1", *KEYS.values()))
