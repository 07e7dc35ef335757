"""A store of objects that is away, slow, refuses or breaks off: clear errors, nothing half-done."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from storage.clip_directory import open_directory
from storage.erasure import Eraser
from storage.errors import DamagedClipError, StorageError, UnreadableClipError
from storage.moving import Place, move
from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.opening import open_database
from storage.sealing import NO_KEYS
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.servers.objects.conftest import open_store
from tests.servers.s3 import Fault, Weather
from tests.storage.conftest import GUILD, add, make_clip

FAULTS: dict[Fault, str] = {
    "refuse": "refuses access",
    "fail": "failed",
    "busy": "busy",
    "stall": "does not answer in time",
    "cut": "cut off",
    "drop": "broke",
}
WRITING = {fault: words for fault, words in FAULTS.items() if fault != "cut"}
"""An answer without content cannot be cut off."""


@pytest.mark.parametrize(("fault", "words"), FAULTS.items())
async def test_reading_tells_what_is_wrong_and_marks_nothing(
    store: VoiceStore, weather: Weather, fault: Fault, words: str
) -> None:
    voice = await add(store, "Ann")
    weather.fault, weather.only = fault, frozenset({"GET"})
    with pytest.raises(UnreadableClipError, match=words):
        await store.load_clip(voice)
    weather.reset()
    assert (await store.load_clip(voice)).sha256 == voice.clip_sha256
    report = await store.check(verify=True)
    assert (report.damaged, report.moved, report.swept) == ((), (), ())


@pytest.mark.parametrize(("fault", "words"), WRITING.items())
async def test_what_cannot_be_written_leaves_no_row(
    store: VoiceStore, bucket: Bucket, weather: Weather, fault: Fault, words: str
) -> None:
    weather.fault, weather.only = fault, frozenset({"PUT"})
    with pytest.raises(StorageError, match=words):
        await add(store, "Ann")
    weather.reset()
    assert await store.list_voices(GUILD) == []
    await store.check()
    assert bucket.list("clips") == {}
    await store.load_clip(await add(store, "Ann"))


@pytest.mark.parametrize("fault", ["refuse", "fail", "stall", "drop"])
async def test_a_deletion_that_cannot_reach_the_store_is_finished_by_the_next_check(
    store: VoiceStore, bucket: Bucket, weather: Weather, fault: Fault
) -> None:
    voice = await add(store, "Ann")
    weather.fault = fault
    await store.delete(voice.id)
    weather.reset()
    assert len(bucket.list("clips")) == 1
    assert len((await store.check()).swept) == 1
    assert bucket.list("clips") == {}


async def test_an_erasure_that_cannot_reach_the_store_is_told(
    store: VoiceStore, bucket: Bucket, weather: Weather, caplog: pytest.LogCaptureFixture
) -> None:
    voice = await store.add(NewVoice(GUILD, "Ann", owner_id=7), make_clip())
    weather.fault, weather.only = "refuse", frozenset({"DELETE", "POST"})
    assert (await Eraser.beside(store).erase_member(7)).left == 1
    weather.reset()
    assert "cannot be removed" in caplog.text
    assert voice.clip_sha256 not in caplog.text
    assert len((await store.check()).swept) == 1
    assert bucket.list("clips") == {}


@pytest.mark.parametrize("fault", ["refuse", "stall"])
async def test_a_move_from_a_store_that_is_away_writes_no_row(
    store: VoiceStore, weather: Weather, tmp_path: Path, fault: Fault
) -> None:
    await add(store, "Ann")
    source = Place(store.database, store.clips)
    (tmp_path / "to" / "clips").mkdir(parents=True)
    async with open_database(tmp_path / "to") as database, open_directory(tmp_path / "to") as clips:
        target = Place(database, clips)
        weather.fault, weather.only = fault, frozenset({"GET"})
        with pytest.raises(StorageError, match="object store"):
            await move(source, target, NO_KEYS, lambda progress: None)
        assert await database.read("SELECT * FROM voices") == []
        weather.reset()
        assert (await move(source, target, NO_KEYS, lambda progress: None)).recordings == 1


@pytest.mark.parametrize("fault", ["refuse", "fail", "stall", "drop", "cut"])
async def test_a_sweep_without_the_store_changes_nothing(
    store: VoiceStore, weather: Weather, fault: Fault
) -> None:
    await add(store, "Ann")
    weather.fault, weather.only = fault, frozenset({"GET"})
    with pytest.raises(StorageError, match="object store"):
        await store.check(verify=True)
    weather.reset()
    report = await store.check(verify=True)
    assert (report.damaged, report.restored, report.moved, report.swept) == ((), (), (), ())


async def test_a_store_that_is_away_is_told_at_the_start(
    directory: Path, address: ObjectAddress, weather: Weather
) -> None:
    weather.fault = "drop"
    with pytest.raises(StorageError, match="Check that the object store is up"):
        async with open_store(directory, address):
            pass
    assert not list(directory.glob("clips-cache-*"))


async def test_a_bucket_that_is_missing_is_told_at_the_start(
    directory: Path, address: ObjectAddress
) -> None:
    nowhere = ObjectAddress("nonesuch", "", address.endpoint, "us-east-1", "a", "b")
    with pytest.raises(StorageError, match="no such bucket"):
        async with open_store(directory, nowhere):
            pass


async def test_waiting_for_a_store_that_does_not_answer_is_bounded(
    store: VoiceStore, weather: Weather
) -> None:
    voice = await add(store, "Ann")
    weather.fault, weather.only = "stall", frozenset({"GET"})
    start = time.monotonic()
    with pytest.raises(UnreadableClipError):
        await store.load_clip(voice)
    assert time.monotonic() - start < 8


async def test_others_read_rows_while_the_store_does_not_answer(
    store: VoiceStore, weather: Weather
) -> None:
    voice = await add(store, "Ann")
    weather.fault, weather.only = "stall", frozenset({"PUT"})
    adding = asyncio.create_task(store.add(NewVoice(GUILD, "Bob"), make_clip(1)))
    while "PUT" not in weather.calls[-1:]:
        await asyncio.sleep(0.01)
    assert await store.get(voice.id) == voice
    assert not adding.done()
    with pytest.raises(StorageError):
        await adding


async def test_an_object_that_is_cut_short_is_damaged(store: VoiceStore, bucket: Bucket) -> None:
    voice = await add(store, "Ann")
    key = f"clips/{voice.clip_sha256}.pickle.gz"
    bucket.put(key, bucket.get(key)[0][:-9])
    with pytest.raises(DamagedClipError, match="cut off"):
        await store.load_clip(voice)
    assert [damaged.id for damaged in (await store.check(verify=True)).damaged] == [voice.id]


async def test_one_that_another_machine_deleted_is_missing(
    store: VoiceStore, bucket: Bucket
) -> None:
    voice = await add(store, "Ann")
    bucket.delete(f"clips/{voice.clip_sha256}.pickle.gz")
    with pytest.raises(DamagedClipError, match="the file is missing"):
        await store.load_clip(voice)
