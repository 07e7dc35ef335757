"""Clips in a real S3 server: what the store promises of a directory holds there, too."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from bot.cli.check import CHECKS
from bot.config import Settings
from bot.errors import MynahError
from storage.clip_files import clip_name
from storage.erasure import Eraser
from storage.errors import StorageError
from storage.objects.address import ObjectAddress
from storage.objects.bucket import Bucket
from storage.objects.clips import ObjectClips
from storage.resealing import Resealing
from storage.sealing import NO_KEYS, KeyRing, is_sealed
from storage.voices import VoiceStore
from tests.servers.objects.conftest import open_store, opening
from tests.servers.places import place
from tests.servers.s3 import S3Server, Weather
from tests.storage.conftest import GUILD, add, make_clip, names


def clips_of(store: VoiceStore) -> ObjectClips:
    clips = store.clips
    assert isinstance(clips, ObjectClips)
    return clips


async def test_a_voice_is_stored_shared_and_deleted(store: VoiceStore, bucket: Bucket) -> None:
    one, two = await add(store, "Ann"), await add(store, "Bob")
    assert list(bucket.list("clips")) == [clip_name(one.clip_sha256)]
    await store.delete(one.id)
    assert (await store.load_clip(two)).sha256 == make_clip().sha256
    await store.delete(two.id)
    assert bucket.list("clips") == {}


async def test_nothing_lies_in_the_data_directory(store: VoiceStore, directory: Path) -> None:
    voice = await add(store, "Ann")
    assert not list((directory / "clips").iterdir())
    assert store.clip_location(voice).startswith("s3://voices-")


async def test_a_replaced_recording_comes_back(store: VoiceStore) -> None:
    voice = await add(store, "Ann")
    await store.replace(voice.id, make_clip(1), pitch_hz=None, quality=None)
    assert (await store.restore(voice.id)).clip_sha256 == voice.clip_sha256


async def test_what_a_crash_left_is_removed_and_what_nobody_knows_is_moved(
    store: VoiceStore, bucket: Bucket
) -> None:
    voice = await add(store, "Ann")
    announced, orphan = make_clip(1).sha256, make_clip(2).sha256
    await store.database.write(
        lambda execute: execute("INSERT INTO unneeded_clips VALUES (?)", (announced,))
    )
    for sha256 in (announced, orphan):
        bucket.put(f"clips/{clip_name(sha256)}", b"left over")
    report = await store.check()
    assert report.swept == (clip_name(announced),)
    assert report.moved == (clip_name(orphan),)
    assert [lost.name for lost in report.lost] == [clip_name(orphan)]
    assert list(bucket.list("clips")) == [clip_name(voice.clip_sha256)]


async def test_a_move_to_lost_that_was_ended_between_copy_and_deletion_is_finished(
    store: VoiceStore, bucket: Bucket
) -> None:
    await add(store, "Ann")
    orphan = clip_name(make_clip(2).sha256)
    bucket.put(f"clips/{orphan}", b"left over")
    bucket.copy(f"clips/{orphan}", f"lost/{orphan}")
    await store.check()
    assert list(bucket.list("lost")) == [orphan]


async def test_a_recording_that_is_needed_comes_back_from_lost(
    store: VoiceStore, bucket: Bucket
) -> None:
    name = clip_name((await add(store, "Ann")).clip_sha256)
    bucket.copy(f"clips/{name}", f"lost/{name}")
    bucket.delete(f"clips/{name}")
    report = await store.check()
    assert (report.returned, report.damaged, report.lost) == ((name,), (), ())


async def test_another_databases_recordings_are_not_touched(
    store: VoiceStore, bucket: Bucket, tmp_path: Path, address: ObjectAddress
) -> None:
    await add(store, "Ann")
    with pytest.raises(StorageError, match="a prefix of its own"):
        async with open_store(tmp_path / "other", address):
            pass
    assert len(bucket.list("clips")) == 1


async def test_everything_of_everybody_can_be_erased(store: VoiceStore, bucket: Bucket) -> None:
    await add(store, "Ann")
    bucket.put(f"lost/{clip_name(make_clip(2).sha256)}", b"left over")
    await Eraser.beside(store).erase_all()
    assert (bucket.list("clips"), bucket.list("lost")) == ({}, {})


async def test_recordings_are_sealed_and_opened(store: VoiceStore, bucket: Bucket) -> None:
    voice = await add(store, "Ann")
    ring, key = KeyRing([b"k" * 32]), f"clips/{clip_name(voice.clip_sha256)}"
    sealing = Resealing(store.database, store.clips, NO_KEYS, ring)
    assert (await sealing.run(lambda done, total: None)).changed == 1
    assert is_sealed(bucket.get(key)[0])


async def test_a_worker_reads_a_file_of_this_user_alone_that_goes_with_the_voice(
    store: VoiceStore,
) -> None:
    clips, voice = clips_of(store), await add(store, "Ann")
    name = clip_name(voice.clip_sha256)
    await clips.hold(name)
    path = store.clip_path(voice)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    clips.let_go(name)
    await store.delete(voice.id)
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        await clips.hold(name)


async def test_many_who_need_a_clip_at_once_fetch_it_once(
    store: VoiceStore, weather: Weather
) -> None:
    name = clip_name((await add(store, "Ann")).clip_sha256)
    weather.calls.clear()
    await asyncio.gather(*(clips_of(store).hold(name) for _ in range(6)))
    assert weather.calls == ["GET"]


async def test_a_fetched_clip_speaks_while_the_store_is_away(
    store: VoiceStore, weather: Weather
) -> None:
    name = clip_name((await add(store, "Ann")).clip_sha256)
    clips = clips_of(store)
    await clips.hold(name)
    weather.fault = "drop"
    await clips.hold(name)


async def test_fetched_clips_have_a_bound_and_what_is_held_stays(
    store: VoiceStore,
) -> None:
    clips = clips_of(store)
    clips.cache._most_bytes = 20_000
    voices = [await add(store, f"Voice {number}", seed=number) for number in range(5)]
    held = clip_name(voices[0].clip_sha256)
    await clips.hold(held)
    for voice in voices[1:]:
        name = clip_name(voice.clip_sha256)
        await clips.hold(name)
        clips.let_go(name)
    assert clips.cache.bytes_used <= 20_000 + clips.kept.sizes([held])[held]
    assert clips.local(held).exists()


async def test_what_another_machine_deleted_is_noticed(
    directory: Path, address: ObjectAddress, bucket: Bucket
) -> None:
    directory.mkdir()
    now = [0.0]
    async with opening(address, directory) as clips:
        clips.cache._clock = lambda: now[0]
        bucket.put("clips/a", b"content")
        await clips.hold("a")
        bucket.delete("clips/a")
        now[0] = 61.0
        with pytest.raises(FileNotFoundError):
            await clips.hold("a")
        assert not clips.local("a").exists()


async def test_nothing_fetched_is_left_when_the_store_is_closed(
    directory: Path, address: ObjectAddress
) -> None:
    async with open_store(directory, address) as store:
        await clips_of(store).hold(clip_name((await add(store, "Ann")).clip_sha256))
    assert not list(directory.glob("clips-cache-*"))
    async with open_store(directory, address) as store:
        assert names(await store.list_voices(GUILD)) == ["Ann"]


async def test_a_bucket_that_keeps_what_is_deleted_is_known(
    server: S3Server, bucket: Bucket, address: ObjectAddress, directory: Path
) -> None:
    assert not bucket.keeps_versions()
    server.client.put_bucket_versioning(
        Bucket=address.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    assert bucket.keeps_versions()
    assert bucket.list("clips") == {}
    settings = Settings(storage=place(directory, None, address))
    with pytest.raises(MynahError, match="The bucket keeps versions"):
        await dict(CHECKS)["database and clips"](settings, lambda text, level: None)
