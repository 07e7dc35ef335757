"""The recording that a voice had before is kept for a week and can be brought back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import DamagedClipError, NoFormerClipError, VoiceNotFoundError
from storage.former import KEPT_FOR
from storage.schema import load_migrations
from storage.sqlite_database import SqliteDatabase
from storage.types import NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, clip_files, make_clip
from tests.storage.stored import StoredClips, key_of

NOW = datetime.now(UTC)
MOMENT = timedelta(microseconds=1)


async def enrolled(store: VoiceStore) -> VoiceProfile:
    voice = NewVoice(
        GUILD, "Anna", owner_id=7, consented_by=7, consented_at=NOW, pitch_hz=99, quality={"a": 1}
    )
    return await store.add(voice, make_clip())


async def replaced(store: VoiceStore, voice: VoiceProfile, seed: int = 1) -> VoiceProfile:
    clip = make_clip(seed, seconds=0.2)
    return await store.replace(voice.id, clip, pitch_hz=211, quality={"a": 2}, now=NOW)


def recording(voice: VoiceProfile) -> tuple[object, ...]:
    return (
        voice.clip_sha256, voice.seconds, voice.pitch_hz, voice.quality, voice.consented_by,
        voice.consented_at,
    )  # fmt: skip


def files(*seeds: int) -> set[str]:
    clips = [make_clip(seed, 0.2 if seed else 0.1) for seed in seeds]
    return {f"{clip.sha256}.pickle.gz" for clip in clips}


async def test_restoring_brings_back_the_clip_and_all_that_belongs_to_it(
    store: VoiceStore,
) -> None:
    first = await enrolled(store)
    assert first.former_until is None
    second = await replaced(store, first)
    assert second.former_until == NOW + KEPT_FOR
    later = NOW + timedelta(days=3)
    restored = await store.restore(first.id, now=later)
    assert restored == await store.get(first.id)
    assert recording(restored) == recording(first)
    assert restored.former_until == later + KEPT_FOR
    await store.load_clip(restored)


async def test_restoring_can_be_undone(store: VoiceStore) -> None:
    second = await replaced(store, await enrolled(store))
    await store.restore(second.id, now=NOW)
    undone = await store.restore(second.id, now=NOW)
    assert recording(undone) == recording(second)
    await store.load_clip(undone)


async def test_settings_and_defaults_stay(store: VoiceStore) -> None:
    voice = await enrolled(store)
    await store.tune(
        voice.id,
        exaggeration=1.5,
        cfg_weight=None,
        temperature=None,
        seed=3,
        takes=None,
        language="de",
        speed=1.5,
        volume_db=None,
    )
    await replaced(store, voice)
    restored = await store.restore(voice.id, now=NOW)
    assert (restored.name, restored.owner_id, restored.language) == ("Anna", 7, "de")
    assert (restored.exaggeration, restored.seed, restored.speed) == (1.5, 3, 1.5)


async def test_voice_that_was_never_replaced_has_nothing_to_restore(store: VoiceStore) -> None:
    voice = await enrolled(store)
    with pytest.raises(NoFormerClipError, match=r"no earlier recording of “Anna”.*7 days"):
        await store.restore(voice.id)
    with pytest.raises(VoiceNotFoundError):
        await store.restore(12345)


async def test_former_clip_can_be_restored_until_its_time_is_over(store: VoiceStore) -> None:
    voice = await replaced(store, await enrolled(store))
    end = NOW + KEPT_FOR
    assert [voice.can_be_restored(time) for time in (end - MOMENT, end)] == [True, False]
    with pytest.raises(NoFormerClipError):
        await store.restore(voice.id, now=end)
    await store.restore(voice.id, now=end - MOMENT)


async def test_expired_former_clips_are_forgotten_and_removed(
    store: VoiceStore, directory: Path
) -> None:
    voice = await replaced(store, await enrolled(store))
    assert await store.forget_expired(now=NOW + KEPT_FOR - MOMENT) == 0
    assert clip_files(directory) == files(0, 1)
    assert await store.forget_expired(now=NOW + KEPT_FOR) == 1
    assert clip_files(directory) == files(1)
    assert (await store.get(voice.id)).former_until is None


async def test_many_expired_former_clips_are_forgotten_in_batches(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.former._BATCH", 2)
    for number in range(5):
        voice = await add(store, f"voice {number}", seed=number)
        await replaced(store, voice, seed=10 + number)
    assert await store.forget_expired(now=NOW + KEPT_FOR) == 5
    assert await store.forget_expired(now=NOW + KEPT_FOR) == 0


async def test_start_forgets_what_has_expired(store: VoiceStore, directory: Path) -> None:
    voice = await enrolled(store)
    long_ago = datetime.now(UTC) - KEPT_FOR
    await store.replace(voice.id, make_clip(1, 0.2), pitch_hz=None, quality=None, now=long_ago)
    await store.check()
    assert clip_files(directory) == files(1)


async def test_open_store_forgets_what_expires(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.former.INTERVAL_SECONDS", 0.01)
    async with VoiceStore.open(directory) as store:
        voice = await enrolled(store)
        long_ago = datetime.now(UTC) - KEPT_FOR
        await store.replace(voice.id, make_clip(1, 0.2), pitch_hz=None, quality=None, now=long_ago)
        async with asyncio.timeout(30):
            while clip_files(directory) != files(1):
                await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == 1  # ours alone is left


async def test_sweep_leaves_former_clips_alone(store: VoiceStore, directory: Path) -> None:
    voice = await enrolled(store)
    await store.replace(voice.id, make_clip(1, 0.2), pitch_hz=None, quality=None)
    assert (await store.check()).swept == ()
    assert clip_files(directory) == files(0, 1)


async def test_only_the_last_former_clip_is_kept(store: VoiceStore, directory: Path) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, seed=1)
    await replaced(store, voice, seed=2)
    assert clip_files(directory) == files(1, 2)
    restored = await store.restore(voice.id, now=NOW)
    assert restored.clip_sha256 == make_clip(1, 0.2).sha256


async def test_same_recording_again_does_not_displace_the_former_one(store: VoiceStore) -> None:
    first = await enrolled(store)
    await replaced(store, first)
    await replaced(store, first)
    assert recording(await store.restore(first.id, now=NOW)) == recording(first)


async def test_replacing_by_the_former_clip_keeps_both(store: VoiceStore, directory: Path) -> None:
    voice = await replaced(store, await enrolled(store))
    await store.replace(voice.id, make_clip(), pitch_hz=None, quality=None, now=NOW)
    assert clip_files(directory) == files(0, 1)
    assert recording(await store.restore(voice.id, now=NOW)) == recording(voice)


async def test_deletion_takes_the_former_clip_along(store: VoiceStore, directory: Path) -> None:
    voice = await replaced(store, await enrolled(store))
    await store.delete(voice.id)
    assert clip_files(directory) == set()


async def test_shared_clips_stay_for_the_other_voice(store: VoiceStore, directory: Path) -> None:
    voice = await replaced(store, await enrolled(store))
    sharing = await add(store, "Hanna", OTHER_GUILD)  # has the former clip of the first
    assert await store.forget_expired(now=NOW + KEPT_FOR) == 1
    await store.load_clip(sharing)
    third = await replaced(store, await add(store, "Johanna", OTHER_GUILD))
    await store.delete(voice.id)
    await store.load_clip(third)
    await store.delete(sharing.id)
    assert (await store.restore(third.id, now=NOW)).seconds == 0.1
    assert clip_files(directory) == files(0, 1)


async def test_former_clip_that_is_damaged_changes_nothing(
    store: VoiceStore, clips: StoredClips
) -> None:
    first = await enrolled(store)
    second = await replaced(store, first)
    clips.write(key_of(first), b"")
    with pytest.raises(DamagedClipError, match="empty or cut off"):
        await store.restore(first.id, now=NOW)
    assert await store.get(first.id) == second


async def test_damaged_clip_does_not_displace_a_former_one(
    store: VoiceStore, clips: StoredClips
) -> None:
    first = await enrolled(store)
    second = await replaced(store, first)
    clips.write(key_of(second), b"")
    await store.check()
    await store.replace(first.id, make_clip(2), pitch_hz=None, quality=None, now=NOW)
    assert recording(await store.restore(first.id, now=NOW)) == recording(first)


async def test_restoring_mends_a_damaged_voice(store: VoiceStore, clips: StoredClips) -> None:
    first = await enrolled(store)
    second = await replaced(store, first)
    clips.remove(key_of(second))
    await store.check()
    assert (await store.get(first.id)).damage is not None
    assert (await store.restore(first.id, now=NOW)).damage is None


async def test_voice_of_before_there_were_former_clips_can_be_replaced(directory: Path) -> None:
    directory.mkdir()
    async with SqliteDatabase.open(directory / "mynah.db", load_migrations()[:4]) as database:
        await database.write(
            lambda execute: execute(
                "INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, created_at)"
                " VALUES (?, 'Anna', 'anna', ?, 1.5, '2026-01-02T03:04:05+00:00')",
                (GUILD, "0" * 64),
            )
        )
    async with VoiceStore.open(directory) as store:
        voice = await store.find(GUILD, "Anna")
        assert voice.former_until is None
        assert (await replaced(store, voice)).former_until == NOW + KEPT_FOR
